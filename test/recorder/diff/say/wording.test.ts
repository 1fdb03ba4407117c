import { diffLines, diffRuns, memorySource } from '@pagetrail/recorder'
import { expect, test } from 'vitest'
import { verdictText } from '../../../../packages/recorder/src/diff/say/wording.ts'
import { eventsOf, hex, type Lean, SAMPLE_RUN } from '../../../support/sample-run.ts'

/** A call that warns. */
const runOf = (id: number, once: boolean) =>
  memorySource(
    { ...SAMPLE_RUN, id },
    eventsOf([
      { kind: 'op_begin', fn: 'f', va: null, end: null, args: null },
      { kind: 'warn', fn: 'f', once, fired: true },
      { kind: 'op_end', fn: 'f', ret: 0 },
    ]),
  )

test('rows that differ do not read alike: the fields that differ follow words that are the same', () => {
  const lines = [...diffLines(diffRuns(runOf(1, true), runOf(2, false)))]
  expect(lines).toContain('  ~ 1 ! WARN f once=true')
  expect(lines).toContain('    1 ! WARN f once=false')
})

/** A store of `now` over a writable page; bit 60 is PO_IDX_0 in a leaf, UXNTable in a table. */
const storing = (id: number, now: bigint) => {
  const va = '0xffff8000c0000000'
  const store = { kind: 'desc_write', level: 'pte', va, old: '0xe8000500040703', new: hex(now) }
  return memorySource(
    { ...SAMPLE_RUN, id },
    eventsOf([
      { kind: 'op_begin', fn: 'f', va, end: '0xffff8000c0001000', args: null },
      store,
      { kind: 'op_end', fn: 'f', ret: 0 },
    ]),
  )
}

const RO = 0xe0_0005_0004_0783n

test.each([
  ['bit 60 of a leaf', RO | (1n << 60n), '+RDONLY +PO_IDX_0 -DBM', '+PO_IDX_0'],
  ['a software bit', RO & ~(1n << 55n), '+RDONLY -DBM -DIRTY', '-DIRTY'],
  [
    'shareability, of which ptdump shows one',
    RO & ~(1n << 8n),
    '+RDONLY -DBM inner → outer',
    'inner → outer',
  ],
  ['a reserved memory type', RO | (5n << 2n), '+RDONLY -DBM normal → attr5', 'normal → attr5'],
])('what differs shows in the effect and in the final mapping: %s', (_, now, effect, mapping) => {
  const lines = [...diffLines(diffRuns(storing(1, RO), storing(2, now)), { width: 200 })]
  const start = '0xffff8000c0000000-0xffff8000c0001000 4K PTE'
  const [left, right] = ['-', '+'].map((sign) => lines.find((l) => l.includes(`${sign} ${start}`)))
  expect(left).toMatch(/ → 0x500040000$/)
  expect(right).toBe(`  + ${right?.slice(4, -mapping.length)}${mapping}`)
  const store = lines.find((line) => line.includes('descriptor pte'))
  expect(store).toContain(`: +RDONLY -DBM | ${effect}`)
})

const call = (op: number, fn: string, result: number): Lean[] => [
  { kind: 'op_begin', op, fn, va: null, end: null, args: null },
  { kind: 'op_end', op, fn, ret: result },
]

const lone = (id: number, more: boolean, ret = 0) => {
  return memorySource(
    { ...SAMPLE_RUN, id },
    eventsOf([...call(0, 'f', ret), ...(more ? call(1, 'g', 0) : [])]),
  )
}

test('that a side made a call more is not a difference of the calls that both made', () => {
  const verdict = (left: ReturnType<typeof lone>, right: ReturnType<typeof lone>) =>
    verdictText(diffRuns(left, right))
  expect(verdict(lone(1, false), lone(2, true))).toMatch(
    /^different outcome, 1 call only on the right/,
  )
  expect(verdict(lone(1, false), lone(2, true, -22))).toMatch(
    /^different outcome in the 1 call that both made, 1 call only on the right/,
  )
})
