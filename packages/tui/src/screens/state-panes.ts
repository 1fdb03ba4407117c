import { attributes } from '../text/descriptor-words.ts'
import type { EntryState, StateView } from '../data/data.ts'
import { fit, fitEnd, hex, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'

/** The way down to the address under the cursor, then its neighbours; what the last event changed is marked. */
export function tableLines(state: StateView | null, columns: number, theme: Theme): string[] {
  if (!state) return [theme.dim(' folding the events …')]
  if (state.path.length === 0 && state.near.length === 0) {
    return [
      theme.dim(' nothing is known here yet:'),
      theme.dim(' no event so far is about an entry'),
    ]
  }
  const lines = state.path.map((entry, depth) =>
    entryLine(entry, columns, theme, `${' '.repeat(depth)}${depth > 0 ? '└' : ''}`),
  )
  for (const entry of state.near) lines.push(entryLine(entry, columns, theme, ''))
  return lines
}

function entryLine(e: EntryState, columns: number, theme: Theme, indent: string): string {
  const value = e.desc === null ? fitEnd('not seen', 16) : hex(e.desc)
  const address = columns >= 56 ? hex(e.va) : hex(e.va).slice(4)
  const head = `${e.here ? '▶' : ' '}${e.changed ? '●' : ' '}${indent}${fit(e.level, 4)} ${address} `
  const text = `${head}${columns >= 40 ? `${value} ` : ''}${attributes(e.desc, e.level)}`
  return fit(e.changed ? theme.paint('write', text) : text, columns)
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
