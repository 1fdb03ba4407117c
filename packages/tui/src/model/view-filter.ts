import { isPlainText, wordsFilter } from '@pagetrail/recorder'

/** What was typed as an expression of the grammar: words that are none are looked for as words. */
export const asFilter = (text: string): string => (isPlainText(text) ? wordsFilter(text) : text)

/**
 * Chips, depth and folds as one expression of the filter grammar: whoever reads rows needs to know nothing else.
 * null: every event is shown.
 */
export function viewFilter(view: ViewState): string | null {
  const parts = view.filters.map((f) => `(${asFilter(f)})`)
  const opened = view.folds.filter((f) => f.open)
  if (view.depth !== null) {
    const shown = opened.map((f) => `(${inside(f)} && nest <= ${f.nest + 1})`)
    parts.push(`(${[`nest < ${view.depth}`, ...shown].join(' || ')})`)
  }
  for (const fold of view.folds) if (!fold.open) parts.push(`!(${inside(fold)})`)
  return parts.length === 0 ? null : parts.join(' && ')
}

const inside = (f: FoldedNode): string => `seq in ${f.begin + 1}-${f.end} && cpu == ${f.cpu}`

/** Whether the inside of the node that begins here is hidden. */
export function isFolded(view: ViewState, begin: number, nest: number): boolean {
  const own = view.folds.find((f) => f.begin === begin)
  if (own) return !own.open
  return view.depth !== null && nest + 1 >= view.depth
}

/** Hidden inside of a node of the call tree: the events after `begin` up to its end. */
export interface FoldedNode {
  readonly begin: number
  readonly end: number
  readonly cpu: number
  readonly nest: number
  /** Shows the inside where the depth limit hides it. */
  readonly open: boolean
}

/** What decides which events are listed; `u` goes back to the one before. */
export interface ViewState {
  readonly filters: readonly string[]
  /** Levels of the call tree that are shown; null: all. */
  readonly depth: number | null
  readonly folds: readonly FoldedNode[]
}

export const EVERYTHING: ViewState = { filters: [], depth: null, folds: [] }
