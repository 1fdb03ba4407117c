import type { Geometry } from '@pagetrail/engine'
import { shortText, valueText } from '@pagetrail/recorder'
import type { EntryState, StateView, TableMap } from '../data/data.ts'
import { fit, fitEnd, safe, width, wrap } from '../text/fit.ts'
import type { Role, Theme } from '../text/theme.ts'

/** The way down to the address under the cursor, then its neighbours; what the last event changed is marked. */
export function pageTableLines(
  state: StateView | null,
  columns: number,
  theme: Theme,
  geometry: Geometry | null,
): string[] {
  if (!state) return [theme.dim(' folding the events …')]
  if (state.path.length + state.near.length === 0) return [theme.dim(nothingKnown(state))]
  const entry = (e: EntryState, indent: string) => {
    const value = e.desc === null ? 'not seen' : valueText(e.desc)
    const signs = `${e.here ? '▶' : ' '}${e.changed ? '●' : ' '}${indent}`
    // An address is never cut: the value gives way to the words, for what it means is in the words.
    const text = `${signs}${fit(e.level, 4)} ${valueText(e.va)} ${shortText(e.desc, e.level, geometry)}`
    const room = columns - width(text)
    return (
      fit(e.changed ? theme.paint('write', text) : text, columns - (room >= 18 ? 17 : 0)) +
      (room >= 18 ? `${theme.dim(value)} ` : '')
    )
  }
  const lines = state.path.map((e, depth) =>
    entry(e, `${' '.repeat(depth)}${depth > 0 ? '└' : ''}`),
  )
  return [...lines, ...state.near.map((e) => entry(e, ''))]
}

const nothingKnown = ({ around }: StateView): string =>
  around === null
    ? ' no event up to here is about an entry'
    : ` no entry of ${valueText(around.va)} was seen up to here`

/** What an entry of a map is, as a letter; a colour only repeats it. */
const CELLS: readonly (readonly [test: RegExp, sign: string, role: Role, words: string])[] = [
  [/invalid/, 'i', 'same', 'invalid'],
  [/^table/, 't', 'walk', 'table'],
  [/rwx/, 'X', 'bad', 'rwx'],
  [/rw-/, 'w', 'write', 'rw-'],
  [/r-x/, 'x', 'flush', 'r-x'],
  [/r--/, 'r', 'memory', 'r--'],
]

/** Columns of a row's first index. */
const INDEX = 7

/**
 * Every entry of the table around the address, a cell each: what it allows, what this call changed, where one is. Where
 * there is no room for all, the part around the address.
 */
export function mapLines(
  map: TableMap | null,
  size: { readonly columns: number; readonly rows: number },
  theme: Theme,
  geometry: Geometry | null,
): string[] {
  if (!map) return [theme.dim(' the table around this event is not known yet')]
  const across = 2 ** Math.floor(Math.log2(Math.max(8, size.columns - INDEX - 1)))
  const changed = new Set(map.changed)
  const used = new Set<string>()
  const cell = (desc: bigint | null, at: number) => {
    const [sign, role, words] = cellOf(desc, map, geometry)
    used.add(`${sign} ${words}`)
    if (at === map.at) return theme.inverse(sign)
    return changed.has(at) ? theme.bold(theme.paint('match', sign)) : theme.paint(role, sign)
  }
  const cells = map.cells.map(cell)
  const lines: string[] = []
  for (let from = 0; from < cells.length; from += across) {
    const index = fitEnd(`[${from}]`, INDEX - 1)
    lines.push(`${theme.dim(index)} ${cells.slice(from, from + across).join('')}`)
  }
  const room = Math.max(1, size.rows - 3)
  const here = Math.floor(map.at / across)
  const top = Math.max(0, Math.min(lines.length - room, here - (room >> 1)))
  const seen = map.cells.filter((desc) => desc !== null).length
  return [
    ` ${map.level} from ${valueText(map.va)}`,
    ` ${seen} of ${map.cells.length} seen, ${changed.size} underlined: this call`,
    ` ${[...used].toSorted().join('   ')}`,
    ...lines.slice(top, top + room),
  ]
}

function cellOf(
  desc: bigint | null,
  { level }: TableMap,
  geometry: Geometry | null,
): [string, Role, string] {
  if (desc === null) return [' ', 'same', 'not seen']
  if (desc === 0n) return ['·', 'same', 'none']
  const text = shortText(desc, level, geometry)
  const [, sign = '?', role = 'note', words = 'other'] =
    CELLS.find(([test]) => test.test(text)) ?? []
  return [sign, role, words]
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
