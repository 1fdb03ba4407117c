import type { Geometry } from '@pagetrail/engine'
import { count, shortText, valueText } from '@pagetrail/recorder'
import type { EntryState, StateView } from '../data/data.ts'
import { fit, safe, wrap } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { Theme } from '../text/theme.ts'

/** The way down to the address under the cursor, then its neighbours; what the last event changed is marked. */
export function pageTableLines(
  state: StateView | null,
  columns: number,
  theme: Theme,
  geometry: Geometry | null,
): string[] {
  if (!state || state.more) return readingLines(state, columns, theme)
  if (state.path.length + state.near.length === 0)
    return wrap(nothingKnown(state), columns - 2).map((text) => theme.dim(` ${text}`))
  const entry = (e: EntryState, indent: string) => {
    const value = e.desc === null ? 'not seen' : valueText(e.desc)
    const signs = `${e.here ? '▶' : ' '}${e.changed ? '●' : ' '}${indent}`
    // An address is never cut: the value gives way to the words, for what it means is in the words.
    const text = `${signs}${fit(e.level, 4)} ${valueText(e.va)} ${shortText(e.desc, e.level, geometry)}`
    const taken = value.length + 1
    const fits = columns - width(text) > taken
    const painted = e.changed ? theme.paint('write', text) : text
    return fits ? `${fit(painted, columns - taken)}${theme.dim(value)} ` : fit(painted, columns)
  }
  const lines = state.path.map((e, depth) =>
    entry(e, `${' '.repeat(depth)}${depth > 0 ? '└' : ''}`),
  )
  return [...lines, ...state.near.map((e) => entry(e, ''))]
}

/** How far the run has been read for a state; that happens once, and can be left and gone on with. */
export const readingText = (state: StateView | null): string =>
  state?.more
    ? `reading ${count(state.more.read)} of the ${count(state.seq + 1)} events up to here, once`
    : 'folding the events …'

const readingLines = (state: StateView | null, columns: number, theme: Theme): string[] =>
  wrap(readingText(state), columns - 2).map((text) => theme.dim(` ${text}`))

const nothingKnown = ({ around }: StateView): string =>
  around === null
    ? 'no event up to here is about an entry'
    : `no entry of ${valueText(around.va)} was seen up to here`

/** Barriers, lazy MMU mode and flushes: what is owed stands out. */
export function ledgerLines(state: StateView | null, columns: number, theme: Theme): string[] {
  if (!state || state.more) return readingLines(state, columns, theme)
  if (state.ledger.length === 0) return [theme.dim(' nothing is pending and no flush is owed')]
  return state.ledger.flatMap((l) =>
    wrap(safe(l.text), columns - 5).map((text, i) => {
      const line = i === 0 ? text : `  ${text}`
      return l.owed ? theme.paint('bad', ` ${i === 0 ? '!' : ' '} ${line}`) : `   ${line}`
    }),
  )
}
