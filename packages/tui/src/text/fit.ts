import { escapeControls } from '@pagetrail/recorder'
import sliceAnsi from 'slice-ansi'
import wrapAnsi from 'wrap-ansi'
import { isNarrow, width } from './width.ts'

/** Text for a grid of cells. What comes from traces goes through {@link safe} first. */

/** Text of unknown origin: letters of all scripts as they are, what a terminal would obey as an escape. */
export const safe = (text: string): string => escapeControls(text)

/** The same for messages, whose own line ends stay; a line that is not their first cannot look like another message. */
export const safeLines = (text: string): string => text.split('\n').map(escapeControls).join('\n  ')

/** The text in exactly this many columns: blanks added, or the end replaced by `…`. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return ''
  const w = width(text)
  if (w <= columns) return text + ' '.repeat(columns - w)
  const head = cut(text, columns - 1)
  return `${head}…${' '.repeat(columns - 1 - width(head))}`
}

/** The middle replaced by `…`: of names that begin alike the end says which one it is. */
export function fitMiddle(text: string, columns: number): string {
  const w = width(text)
  if (w <= columns || columns < 5) return fit(text, columns)
  const tail = (columns - 1) >> 1
  return fit(`${cut(text, columns - 1 - tail)}…${sliceAnsi(text, w - tail)}`, columns)
}

/** Right-aligned in this many columns. */
export function fitEnd(text: string, columns: number): string {
  const w = width(text)
  return w >= columns ? fit(text, columns) : ' '.repeat(columns - w) + text
}

/** The first columns of a text, its styles closed; a wide sign that would be halved is left out. */
export const cut = (text: string, columns: number): string =>
  !text.includes('\x1b') && isNarrow(text) ? text.slice(0, columns) : sliceAnsi(text, 0, columns)

/** What is right of so many columns. */
export const sliceColumns = (text: string, from: number): string => sliceAnsi(text, from)

/** Nanoseconds with the unit that suits them. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`
  if (ns < 1_000_000) return `${(ns / 1e3).toFixed(1)} µs`
  if (ns < 1_000_000_000) return `${(ns / 1e6).toFixed(3)} ms`
  return `${(ns / 1e9).toFixed(3)} s`
}

/** Words wrapped into lines of this width; a word that is longer is broken. */
export const wrap = (text: string, columns: number): string[] =>
  wrapAnsi(text, Math.max(1, columns), { hard: true }).split('\n')
