import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  completeFilter,
  eventFromJson,
  FILTER_FIELDS,
  FilterError,
  isPlainText,
  openRuns,
  parseFilter,
  toPredicate,
  toSql,
  wordsFilter,
} from '@pagetrail/recorder'
import type { RunFile, TraceEvent } from '@pagetrail/recorder'

import { anyEvent } from '../../support/events.ts'

let runFile: RunFile
beforeAll(async () => {
  runFile = await openRuns(':memory:', { mode: 'write' })
})
afterAll(() => runFile.close())

/** Numbers of the events that pass, as SQL says and as the predicate says. */
function both(events: readonly TraceEvent[], text: string): { sql: number[]; predicate: number[] } {
  const writer = runFile.startRun({ label: 'f', source: 'jsonl', created: 0 }, { nesting: 'keep' })
  for (const event of events) writer.append(event)
  writer.finish('complete')
  const run = runFile.find(-1)
  const filter = parseFilter(text)
  const all = [...runFile.source(run).events()]
  const accepts = toPredicate(filter)
  const predicate = all.filter((event) => accepts(event)).map((event) => event.seq)
  const page = runFile.readPage(run, { from: 0, limit: all.length + 1, where: toSql(filter) })
  return { sql: page.map((event) => event.seq), predicate }
}

const WRITE = {
  seq: 0,
  cpu: 0,
  op: 0,
  kind: 'desc_write',
  level: 'pmd',
  va: '0xffff800080000000',
  old: '0x0',
  new: '0xe8000041a83783',
}
const events = [
  eventFromJson(WRITE),
  eventFromJson({ ...WRITE, level: 'pte', va: '0x1000', slot: '0xffff000000000008' }),
  eventFromJson({ seq: 0, cpu: 1, op: null, kind: 'hole', level: 3, va: '0x0', end: '0x200000' }),
  eventFromJson({
    seq: 0,
    cpu: 1,
    op: 2,
    kind: 'op_end',
    fn: 'set_memory_ro',
    ret: -22,
    task: 'insmod-71',
  }),
  eventFromJson({ seq: 0, cpu: 1, op: 2, kind: 'note', text: 'wl: begin "x"' }),
  eventFromJson({ seq: 0, cpu: 1, op: 2, kind: 'lock', fn: 'swapper_pgdir_lock', mode: 'spin' }),
]

describe('a filter accepts', () => {
  test.each([
    ['', [0, 1, 2, 3, 4, 5]],
    ['kind == desc_write', [0, 1]],
    ['kind ~ "*_*"', [0, 1, 3]],
    ['level == pmd', [0, 2]],
    ['level >= pmd && kind != hole', [0, 1]],
    ['level ~ "p[mu]d"', [0, 2]],
    ['va >= 0xffff800080000000', [0]],
    ['va < 0xffff800080000000', [1, 2]],
    ['va in 0x1000-0xffffffffffffffff', [0, 1]],
    ['va >= ffff800080000000', [0]],
    ['va in 0000000000001000-FFFFFFFFFFFFFFFF', [0, 1]],
    ['va == 0000000000001000', [1]],
    ['va == 4096', [1]],
    ['seq == 0000000000000010', []],
    ['cpu == 0000000000000001', [2, 3, 4, 5]],
    ['va in 0 - 0x1000', [1, 2]],
    ['end == 0x200000', [2]],
    ['new & 0x800 || new & 1', [0, 1]],
    ['slot > 0', [1]],
    ['!(slot > 0)', [0, 2, 3, 4, 5]],
    ['ret == -22', [3]],
    ['ret < 0 && fn ~ set_memory_*', [3]],
    ['fn != set_memory_ro', [5]],
    ['fn != unheard_of', [3, 5]],
    ['task == insmod-71', [3]],
    ['text == \'wl: begin "x"\'', [4]],
    ['text ~ "wl:*"', [4]],
    ['mode == spin', [5]],
    ['op == 2 && !(kind == lock || kind == note)', [3]],
    ['seq in 1-2', [1, 2]],
    ['cpu != 0', [2, 3, 4, 5]],
    ['old != new', [0, 1]],
    ['old == new', []],
    ['!(old == new)', [0, 1, 2, 3, 4, 5]],
    ['new > va', [1]],
    ['va > new', [0]],
    ['va <= slot', [1]],
    ['end > va', [2]],
    ['old & new', []],
    ['op > cpu', [3, 4, 5]],
    ['op == cpu', [0, 1]],
    ['ret < op', [3]],
    ['fn != op', [3, 5]],
  ])('%s', (text, seqs) => {
    expect(both(events, text)).toEqual({ sql: seqs, predicate: seqs })
  })
})

describe('a filter is refused', () => {
  test.each([
    ['lvel == pmd', 0, 'unknown field lvel, did you mean level?'],
    ['cpu == 0 && kind == desc_wriet', 20, 'kind is never desc_wriet, did you mean desc_write?'],
    ['level == pmdd', 9, 'did you mean pmd?'],
    ['va == ffff', 6, 'va cannot be compared so: == ffff'],
    ['seq == ffff800080000000', 7, 'seq cannot be compared so'],
    ['va == hello', 6, 'va cannot be compared so: == hello'],
    ['va == cpu', 6, 'va cannot be compared so: == cpu'],
    ['old == pa', 7, 'old cannot be compared so: == pa'],
    ['old ~ new', 6, 'old cannot be compared so: ~ new'],
    ['va == -1', 6, 'va cannot be compared so'],
    ['va in 5', 6, '5 is not a range such as'],
    ['va in 9-3', 6, 'ends before it begins'],
    ['kind > lock', 7, 'kind cannot be compared so'],
    ['(cpu == 0', 9, 'a parenthesis is not closed'],
    ['cpu == 0 cpu == 1', 9, 'expected && or || before cpu'],
    ['cpu == 0 &&', 11, 'expected the name of a field'],
    ['cpu = 0', 4, 'cannot read = 0'],
    ['cpu', 3, 'expected == != <= >= < > & ~ in after cpu'],
    ['cpu ==', 6, 'expected a value after =='],
    ['fn ~ "open', 5, 'cannot read "open'],
    ['!'.repeat(200) + 'cpu == 0', 100, 'nested too deeply'],
  ])('%s', (text, position, message) => {
    const parse = () => parseFilter(text)
    expect(parse).toThrow(FilterError)
    expect(parse).toThrow(message)
    expect(parse).toThrow(expect.objectContaining({ position }))
  })
})

const VALUES = [
  '0',
  '1',
  '-1',
  '-22',
  '3',
  '0xfff',
  '0x1000',
  '0x7fffffffffffffff',
  '0x8000000000000000',
  '0xffff800080000000',
  '0xffffffffffffffff',
  'pte',
  'true',
  'desc_write',
  '"set_memory_ro"',
  '"*"',
  '"[a-c]*"',
  '"a[[]b]*"',
  '"[^s]*"',
  '"[]x]*"',
  'spin',
  'insmod-71',
  '"??*"',
  '""',
  'null',
  '"[z-a]"',
  '"[a"',
  'old',
  'new',
  'va',
  'end',
  'slot',
  'cpu',
  'op',
  'seq',
  'ret',
  '"pageattr.c:123"',
]
const comparison = fc
  .record({
    field: fc.constantFrom(...FILTER_FIELDS.keys(), 'x_pc', 'x_Line2'),
    op: fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '&', '~', 'in'),
    value: fc.constantFrom(...VALUES),
    low: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    width: fc.bigInt({ min: 0n, max: 1n << 63n }),
  })
  .map(({ field, op, value, low, width }) =>
    op === 'in' ? `${field} in ${low}-${low + width}` : `${field} ${op} ${value}`,
  )
  .filter((text) => isFilter(text))
const { filter: anyFilter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    comparison,
    tie('filter').map((inner) => `!(${inner})`),
    fc
      .tuple(tie('filter'), fc.constantFrom('&&', '||'), tie('filter'))
      .map((parts) => `(${parts.join(' ')})`),
  ),
}))

function isFilter(text: string): boolean {
  try {
    return parseFilter(text).text === text
  } catch (error) {
    if (error instanceof FilterError) return false
    throw error
  }
}

test('SQL and predicate agree on any events and any filter', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 30 }), anyFilter, (events, text) => {
      const { sql, predicate } = both(events, text)
      expect(sql).toEqual(predicate)
    }),
    { numRuns: 400 },
  )
})

describe('completion offers', () => {
  test.each([
    ['lev', 3, 0, ['level']],
    ['kind == desc_', 13, 8, ['desc_write', 'desc_read']],
    ['level == p', 10, 9, ['pgd', 'p4d', 'pud', 'pmd', 'pte', 'contpmd', 'contpte']],
    ['kind == lock ', 13, 13, ['&&', '||']],
    ['fn == set', 9, 6, ['set_memory_ro']],
    ['old != ', 7, 7, ['va', 'new', 'slot']],
    ['cpu ', 4, 4, ['==', '!=', '<=', '>=', '<', '>', '&', '~', 'in']],
  ])('%s', (text, cursor, start, candidates) => {
    expect(completeFilter(text, cursor, ['set_memory_ro', 'other'])).toEqual({
      start,
      end: cursor,
      candidates,
    })
  })

  test('fields after an operator, also where the rest cannot be read yet', () => {
    expect(completeFilter('cpu == 0 && ', 12).candidates).toContain('kind')
    expect(completeFilter('fn == "abc', 10).candidates).toEqual([])
  })
})

describe('what people ask by', () => {
  const range = { seq: 0, op: 0, cpu: 0, va: '0xffff800080000000' }
  const own = [
    eventFromJson({
      ...range,
      kind: 'op_begin',
      fn: 'set_memory_ro',
      end: '0xffff800080400000',
      task: 'kworker/0:1-events-17',
      ts: 2_000_000,
      args: { addr: '0xffff800080000000', numpages: 1024 },
    }),
    eventFromJson({
      ...range,
      kind: 'walk_begin',
      fn: 'Walk_Kernel',
      end: '0xffff800080001000',
      task: 'insmod-71',
      ts: 900,
    }),
    eventFromJson({
      ...range,
      kind: 'desc_write',
      level: 'pte',
      old: '0x0',
      new: '0x3',
      task: 'init',
    }),
    eventFromJson({ seq: 0, op: 0, cpu: 0, kind: 'lazy_mmu_enter', depth: 1, task: 'a-b' }),
  ]

  test.each([
    ['numpages > 1', [0]],
    ['numpages == 1024', [0]],
    ['args.numpages <= 1023', []],
    ['args.addr == 0xffff800080000000', [0]],
    ['args.addr == ffff800080000000', [0]],
    ['args.addr != ffff800080000000', []],
    ['size >= 2M', [0]],
    ['size == 4K', [1]],
    ['comm == insmod', [1]],
    ['comm == kworker/0:1-events', [0]],
    ['comm ~ "k*"', [0]],
    ['comm != insmod', [0]],
    ['pid == 17', [0]],
    ['pid > 17', [1]],
    ['ts > 1ms', [0]],
    ['lev == pte', [2]],
    ['numpa > 1 && si > 1M', [0]],
  ] as const)('%s', (text, seqs) => {
    expect(both(own, text)).toEqual({ sql: seqs, predicate: seqs })
  })

  test('a short name of several fields is an error that names them', () => {
    expect(() => parseFilter('n == 1')).toThrow(/unknown field n, did you mean (\w+ or )+numpages/)
  })

  test.each([
    ['walk_k', [1]],
    ['SET_MEM', [0]],
    ['lazy', [3]],
    ['pte', [2]],
    ['insmod walk', [1]],
    ['ffff800080000000', [0, 1, 2]],
    ['addr', [0]],
    ['nothing*', []],
  ] as const)('words: %s', (text, seqs) => {
    expect(isPlainText(text)).toBe(true)
    expect(both(own, wordsFilter(text))).toEqual({ sql: seqs, predicate: seqs })
  })

  test('an expression is not words', () => {
    for (const text of ['kind == hole', 'seq in 1-2', '!x', ''])
      expect(isPlainText(text)).toBe(false)
  })
})
