/** Where things stand on a screen of this size; the model needs the heights, the panes the rest. */
export const MIN_COLUMNS = 60
export const MIN_ROWS = 15

/** From here on two runs, or a list and its details, stand side by side. */
export const WIDE_COLUMNS = 100

/** The call tree needs more beside its panes. */
export const WIDE_REPLAY_COLUMNS = 110

/** Breadcrumb, filter bar; timeline, status, footer. */
const BARS = 5

/** Border above and below. */
const BORDER = 2
const HEAD = 1

/** Lower pane of a narrow screen, borders included. */
const LOWER_SHARE = 0.42

export interface ReplayLayout {
  readonly wide: boolean
  /** Rows of events on the screen. */
  readonly listRows: number
  readonly listColumns: number
  /** Height of the list with its borders. */
  readonly listHeight: number
  readonly sideColumns: number
  /** Heights with borders; 0: not shown. */
  readonly detailsHeight: number
  readonly lowerHeight: number
}

/** Of a narrow screen, the map with its borders: three lines that explain it, and 512 entries, 64 a line. */
const MAP_HEIGHT = BORDER + 3 + 8
/** Events left above the map. */
const LEAST_ROWS = 3

/** `pane`: what is wanted besides the list. */
export function replayLayout(columns: number, rows: number, pane: PaneName): ReplayLayout {
  const height = Math.max(6, rows - BARS)
  const lower = pane !== 'none'
  if (columns >= WIDE_REPLAY_COLUMNS) {
    const sideColumns = lower ? Math.min(64, Math.max(44, Math.floor(columns * 0.36))) : 0
    const detailsHeight = lower ? Math.max(6, Math.floor(height * 0.56)) : 0
    return {
      wide: true,
      listRows: height - BORDER - HEAD,
      listColumns: columns - sideColumns,
      listHeight: height,
      sideColumns,
      detailsHeight,
      lowerHeight: lower ? height - detailsHeight : 0,
    }
  }
  const share = Math.max(5, Math.floor(height * LOWER_SHARE))
  const mapHeight = Math.max(share, Math.min(MAP_HEIGHT, height - BORDER - HEAD - LEAST_ROWS))
  const lowerHeight = !lower ? 0 : pane === 'map' ? mapHeight : share
  return {
    wide: false,
    listRows: height - lowerHeight - BORDER - HEAD,
    listColumns: columns,
    listHeight: height - lowerHeight,
    sideColumns: columns,
    detailsHeight: 0,
    lowerHeight,
  }
}

/** Height of what stands between the bars where there is no timeline. */
export const paneHeight = (rows: number): number => Math.max(9, rows - BARS + 1)

/** Rows of a list that fills the screen between the bars, in one border with a heading. */
export const fullListRows = (rows: number): number => Math.max(1, paneHeight(rows) - BORDER - HEAD)

export interface DiffLayout {
  readonly wide: boolean
  /** Between the bars, borders included. */
  readonly height: number
  readonly listRows: number
  readonly detailsHeight: number
}

/** The share of a comparison that maps of its tables take. */
const MAPS_SHARE = 0.66

/**
 * Aligned rows above, what is under the cursor below them, and the strip of the run below that. `maps`: it is the
 * tables as maps, which need the height.
 */
export function diffLayout(columns: number, rows: number, maps = false): DiffLayout {
  const height = Math.max(9, rows - BARS)
  const detailsHeight = maps ? Math.floor(height * MAPS_SHARE) : rows >= 30 ? 12 : 8
  const listRows = Math.max(1, height - detailsHeight - BORDER - HEAD)
  return { wide: columns >= WIDE_COLUMNS, height, listRows, detailsHeight }
}

/** Columns of the run browser's list; 0 for the details where they do not fit. */
export function runsLayout(columns: number): { list: number; details: number } {
  if (columns < WIDE_COLUMNS) return { list: columns, details: 0 }
  const details = Math.min(56, Math.floor(columns * 0.36))
  return { list: columns - details, details }
}

export const tooSmall = (columns: number, rows: number): boolean =>
  columns < MIN_COLUMNS || rows < MIN_ROWS

export type PaneName = 'tables' | 'map' | 'ledger' | 'details' | 'none'
