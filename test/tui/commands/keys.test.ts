import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type AnyBinding,
  BINDINGS,
  bindingsOf,
  commandFor,
  keyGlyph,
  type KeyPlace,
} from '../../../packages/tui/src/commands/keys.ts'

const SCREENS: readonly KeyPlace[] = [
  'runs',
  'replay',
  'timeline',
  'diff',
  'sql',
  'findings',
  'why',
]

const PLACES: Readonly<Record<KeyPlace, string>> = {
  runs: 'Run browser',
  replay: 'Replay',
  timeline: 'Timeline',
  diff: 'Comparison',
  sql: 'SQL console',
  page: 'Findings and Why',
  findings: 'Findings',
  why: 'Why',
  list: 'Lists',
  anywhere: 'Everywhere',
}

const cell = (key: string): string => `\`${keyGlyph(key)}\``

/** All keys as Markdown. */
function keysDocument(): string {
  const rows: readonly AnyBinding[] = BINDINGS
  return Object.entries(PLACES)
    .map(([place, title]) => ({ title, own: rows.filter((b) => b.place === place) }))
    .filter(({ own }) => own.length > 0)
    .map(({ title, own }) => {
      const lines = own.map((b) => `| ${b.keys.map(cell).join(' ')} | ${b.help} |`)
      return [`### ${title}`, '', '| keys | |', '|---|---|', ...lines].join('\n')
    })
    .join('\n\n')
}

test('docs/tour.md lists the keys that there are', async () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'tour.md')
  const tour = readFileSync(file, 'utf8')
  const begin = tour.indexOf(`### ${PLACES.runs}`)
  const next = tour.indexOf('\n## ', begin)
  const rest = next < 0 ? '' : tour.slice(next)
  await expect(`${tour.slice(0, begin)}${keysDocument()}\n${rest}`).toMatchFileSnapshot(file)
})

test.each(SCREENS)('no key means two things on the screen %s', (screen) => {
  const own = bindingsOf(screen).filter((b) => b.place === screen)
  const keys = own.flatMap((b) => b.keys)
  expect(keys).toEqual([...new Set(keys)])
})

test.each(SCREENS)('the screen %s can be left, helped with and searched for commands', (screen) => {
  expect(commandFor(screen, 'q')).toBe('back')
  expect(commandFor(screen, '?')).toBe('help')
  expect(commandFor(screen, ':')).toBe('palette')
})
