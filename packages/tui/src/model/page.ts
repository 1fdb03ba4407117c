import type { Role } from '../text/theme.ts'
import { scrolled, type CursorStep, stepped } from './scroll.ts'

/** Where a line leads: an event of a run, or a row of the comparison. */
export type Link =
  | { readonly to: 'event'; readonly run: number; readonly seq: number }
  | { readonly to: 'row'; readonly left: number | null; readonly right: number | null }
  | { readonly to: 'call'; readonly call: number; readonly side: 'left' | 'right' }

/** A line of a page of text; those that name a place lead there. */
export interface PageLine {
  readonly text: string
  readonly role?: Role | undefined
  readonly link?: Link | undefined
  /** What it is a line of, where the page can be filtered: an item, or the head of a group of them (null). */
  readonly part?: { readonly group: string; readonly item: string | null } | undefined
}

/** Where one is on a page: the line under the cursor, and the first one shown. */
export interface PageView {
  readonly cursor: number
  readonly top: number
  /** Only parts with this are shown; null: all of them. */
  readonly only: Only | null
  /** Words that are looked for; null: none are. */
  readonly find: string | null
}

export const TOP_OF_PAGE: PageView = { cursor: 0, top: 0, only: null, find: null }

/** The cursor by lines; a single step goes on to the next line that leads somewhere, where one is in sight. */
export function movePage(
  lines: readonly PageLine[],
  view: PageView,
  step: CursorStep,
  height: number,
  /** How far such a line may be. */
  reach = height,
): PageView {
  const near = step === 1 || step === -1 ? linkNear(lines, view.cursor, step, reach) : undefined
  const cursor = near ?? stepped(view.cursor, step, lines.length)
  return { ...view, cursor, top: scrolled(view.top, cursor, height, lines.length) }
}

/** The next line that leads somewhere, if it is not too far. */
function linkNear(
  lines: readonly PageLine[],
  from: number,
  step: 1 | -1,
  reach: number,
): number | undefined {
  for (let at = from + step; Math.abs(at - from) < reach && lines[at]; at += step) {
    if (lines[at]?.link !== undefined) return at
  }
  return undefined
}

/** The page with the cursor on its first link. */
export const opened = (lines: readonly PageLine[], only: Only | null = null): PageView => ({
  only,
  find: null,
  cursor: Math.max(
    0,
    lines.findIndex((line) => line.link !== undefined),
  ),
  top: 0,
})

/** What of a page is wanted. */
export interface Only {
  readonly text: string
  /** Events that an expression of the filter grammar lets through; null: the text is words to be read. */
  readonly seqs: ReadonlySet<number> | null
}

let last: {
  readonly of: readonly PageLine[]
  readonly find: string
  readonly hits: readonly number[]
} | null = null

/** The lines in which all these words can be read, by their index. */
export function hitsOn(lines: readonly PageLine[], find: string): readonly number[] {
  if (last?.of !== lines || last.find !== find) {
    const words = find.toLowerCase().split(/\s+/)
    const hits = lines.flatMap(({ text }, i) => {
      const said = text.toLowerCase()
      return words.every((word) => said.includes(word)) ? [i] : []
    })
    last = { of: lines, find, hits }
  }
  return last.hits
}

/** Words looked for: the cursor on the first line from `from` on that has them, or the first of all. */
export function found(
  lines: readonly PageLine[],
  view: PageView,
  find: string,
  from: number,
  height: number,
): PageView {
  const hits = hitsOn(lines, find)
  const cursor = hits.find((at) => at >= from) ?? hits[0] ?? from
  return { ...view, find, cursor, top: scrolled(view.top, cursor, height, lines.length) }
}
