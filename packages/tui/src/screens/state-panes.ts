import type { Geometry } from '@pagetrail/engine'
import { shortText, valueText } from '@pagetrail/recorder'
import type { EntryState, StateView } from '../data/data.ts'
import type { Theme } from '../text/theme.ts'
import { addressEnd, fit, safe, wrap } from '../text/fit.ts'

/** The way down to the address under the cursor, then its neighbours; what the last event changed is marked. */
export function pageTableLines(
  state: StateView | null,
  columns: number,
  theme: Theme,
  geometry: Geometry | null,
): string[] {
  if (!state) return [theme.dim(' folding the events …')]
  if (state.path.length === 0 && state.near.length === 0) {
    return [
      theme.dim(' nothing is known here yet:'),
      theme.dim(' no event so far is about an entry'),
    ]
  }
  const line = (entry: EntryState, indent: string) => {
    const text = entryText(entry, columns, indent, geometry)
    return fit(entry.changed ? theme.paint('write', text) : text, columns)
  }
  const lines = state.path.map((entry, depth) =>
    line(entry, `${' '.repeat(depth)}${depth > 0 ? '└' : ''}`),
  )
  return [...lines, ...state.near.map((entry) => line(entry, ''))]
}

function entryText(
  e: EntryState,
  columns: number,
  indent: string,
  geometry: Geometry | null,
): string {
  const value = (e.desc === null ? 'not seen' : valueText(e.desc)).padStart(16)
  const address = columns >= 58 ? valueText(e.va) : addressEnd(e.va)
  const head = `${e.here ? '▶' : ' '}${e.changed ? '●' : ' '}${indent}${fit(e.level, 4)} ${address} `
  return `${head}${columns >= 40 ? `${value} ` : ''}${shortText(e.desc, e.level, geometry)}`
}

/** Barriers, lazy MMU mode and flushes: what is owed stands out. */
export function ledgerLines(state: StateView | null, columns: number, theme: Theme): string[] {
  if (!state) return [theme.dim(' folding the events …')]
  if (state.ledger.length === 0) return [theme.dim(' nothing is pending and no flush is owed')]
  return state.ledger.flatMap((l) =>
    wrap(safe(l.text), columns - 5).map((text, i) => {
      const line = i === 0 ? text : `  ${text}`
      return l.owed ? theme.paint('bad', ` ${i === 0 ? '!' : ' '} ${line}`) : `   ${line}`
    }),
  )
}
