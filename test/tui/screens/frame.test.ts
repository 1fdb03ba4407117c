import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BINDINGS } from '../../../packages/tui/src/commands/keys.ts'
import { listHeight } from '../../../packages/tui/src/commands/list-commands.ts'
import { width } from '../../../packages/tui/src/text/width.ts'
import { writeSample } from '../../support/sample-trace.ts'
import { session, sessionOn } from '../../support/session.ts'

const SIZES = [
  [200, 50],
  [120, 36],
  [80, 24],
] as const

test.each(SIZES)('the run browser at %i×%i', async (columns, rows) => {
  const s = await session({ calls: 40, open: false, columns, rows })
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/runs.txt`)
  await s.end()
})

test.each(SIZES)('a replay at %i×%i', async (columns, rows) => {
  const s = await session({ calls: 40, columns, rows })
  s.keys(...'jjjjjjjj')
  await s.settled()
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/replay.txt`)
  await s.end()
})

test.each(SIZES)('all keys at %i×%i', async (columns, rows) => {
  const s = await session({ calls: 4, columns, rows })
  s.keys('?')
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/help.txt`)
  await s.end()
})

test.each(SIZES)('a filter being typed at %i×%i', async (columns, rows) => {
  const s = await session({ calls: 4, columns, rows })
  s.type('/kind == desc_write && lev')
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/filter.txt`)
  await s.end()
})

/** Every other screen, by the keys that lead to it. */
const SCREENS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['findings', ['c']],
  ['why', [':', '4', 'enter', 'w']],
  ['map', [':', '8', 'enter', 't']],
  ['ledger', [':', '8', 'enter', 't', 't']],
  ['sql', ['s', ...'select seq, va from tlb_flush limit 3', 'enter']],
  ['palette', [':', ...'copy']],
]

/** How long a query took: a border's length gives way to its digits. */
const TIME = /( \d+ of \d+ rows  )(\d+) ms/

test.each(SCREENS.flatMap(([name, keys]) => SIZES.map(([w, h]) => [name, w, h, keys] as const)))(
  'the screen %s at %i×%i',
  async (name, columns, rows, keys) => {
    const s = await session({ calls: 40, columns, rows })
    for (const key of keys) {
      s.keys(key)
      if (key.length > 1) await s.settled()
    }
    await s.settled()
    const screen = s
      .screen()
      .replace(TIME, (_, rows, ms) => `${'━'.repeat(ms.length - 1)}${rows}7 ms`)
    await expect(screen).toMatchFileSnapshot(`golden/${columns}x${rows}/${name}.txt`)
    await s.end()
  },
)

const NAMED = [...new Set(BINDINGS.flatMap((b) => b.keys))].filter((k) => k !== 'ctrl+z')
const TYPED = ['kind == desc_write', '1234', '50%', 'w', 'va ==', '"', '\\', ' ']
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMED).map((key) => ({ key })) },
  { weight: 2, arbitrary: fc.constantFrom(...TYPED).map((text) => ({ text })) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).map((text) => ({ text })) },
  {
    weight: 2,
    arbitrary: fc.record({
      columns: fc.integer({ min: 1, max: 220 }),
      rows: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ x: fc.nat(220), y: fc.nat(60), dy: fc.constantFrom(-1, 0, 1) }),
  },
)

/** Where a sequence begins: on each screen, with each pane and prompt, and while long work is under way. */
const BEGIN = [
  [],
  ['q'],
  ['q', 'w'],
  ['q', '/', ...'sam', 'enter'],
  ['c'],
  ['c', '/', ...'flush', 'enter'],
  ['c', '/', ...'kind == op_end', 'enter'],
  ['z'],
  ['z', 'space', 'L'],
  ['w'],
  ['s'],
  ['s', ...'select seq from tlb_flush', 'enter'],
  ['q', 'm', 'd'],
  ['q', 'm', 'd', 't'],
  ['q', 'm', 'd', 'c'],
  ['q', 'm', 'd', 'c', 'w'],
  ['q', 'm', 'd', 'tab'],
  ['q', 'm', 'd', '/', ...'kind == desc_write', 'enter'],
  ['q', 'i', ...'/no/such/file', 'enter', 'i'],
  ['q', 'r', ...'clean-ro', 'enter', 'j'],
  ['q', 'D'],
  ['v'],
  ['t'],
  ['t', 't'],
  ['f', ...'flush'],
  ['?', 'down'],
  [':', ...'fi'],
] as const

test('no sequence of keys, pastes, clicks and sizes throws or breaks the layout', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'sample.db')
  const run = await writeSample(db, 30)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...BEGIN),
      fc.array(step, { minLength: 1, maxLength: 20 }),
      async (first, steps) => {
        const s = await sessionOn(db, run, 120, 36)
        s.keys(...first)
        for (const x of steps) {
          if ('key' in x) s.keys(x.key === 'space' ? ' ' : x.key)
          else if ('text' in x)
            s.dispatch({ type: 'text', text: x.text, pasted: x.text.length > 1 })
          else if ('columns' in x) s.dispatch({ type: 'resize', ...x })
          else s.mouse(x.dy === 0 ? 'click' : 'wheel', x.dy, x.x, x.y)
          const { columns, rows } = s.model()
          const frame = s.raw()
          // The model counts with the rows that the frame has.
          const list = s.placed('list')
          expect(list?.height ?? listHeight(s.model())).toBe(listHeight(s.model()))
          const lines = frame.split('\n')
          expect(lines.length).toBeLessThanOrEqual(rows)
          for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns)
          expect(frame.replace(/\x1b\[[0-9;]*m/g, '')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
        }
        await s.settled()
        await s.end()
      },
    ),
    { numRuns: 30 },
  )
}, 300_000)
