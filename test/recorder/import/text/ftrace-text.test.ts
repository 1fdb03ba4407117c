import { expect, test } from 'vitest'

import { flavourOf } from '../../../../packages/recorder/src/import/translate/kernel-traits.ts'
import { capture, imported, lines, ofKind } from '../imported.ts'

const EVENT = 'isb__vunmap_range: (x)'
const at = (time: string) => `          insmod-272     [000] d..1. ${time}: ${EVENT}\n`

test('the header: tracer, CPUs, and what was overwritten before it was saved', () => {
  const { events, text, counts } = imported(
    `# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/449   #P:8\n#\n${lines(EVENT, EVENT)}`,
  )
  expect(text.header).toEqual({
    tracer: 'nop',
    entries: 2,
    written: 449,
    cpus: 8,
    capture: new Map(),
  })
  expect(events[0]).toMatchObject({ kind: 'gap', lost: 447, reason: 'buffer overrun' })
  expect(counts.lost).toBe(447)
})

test('what the capture script says of itself, before and after the events', () => {
  const { events, text, counts } = imported(
    `# pagetrail: capture 1\n# pagetrail: release 6.18.15\n# pagetrail: page-size 16384\n` +
      `${lines(EVENT, EVENT)}# pagetrail: missed set_memory_ro_ret 17\n`,
  )
  expect([...text.header.capture]).toEqual([
    ['capture', ['1']],
    ['release', ['6.18.15']],
    ['page-size', ['16384']],
    ['missed', ['set_memory_ro_ret 17']],
  ])
  expect(events.at(-1)).toMatchObject({
    kind: 'gap',
    lost: 17,
    reason: 'the kernel missed set_memory_ro_ret',
  })
  expect(counts.lost).toBe(17)
})

test('a file that ends before its last event says so', () => {
  const { events } = imported(
    `# entries-in-buffer/entries-written: 5/5   #P:1\n${lines(EVENT, EVENT)}`,
  )
  expect(events.at(-1)).toMatchObject({
    kind: 'gap',
    lost: 3,
    reason: 'file ends before its last event',
  })
})

test('a last line without its end is not believed', () => {
  const whole = lines(
    EVENT,
    'pageattr_pte_entry_store: (x) pte=0x1 before=0x2 after=0xe000004833c787',
  )
  const { events } = imported(whole.slice(0, -4))
  expect(events.map((e) => e.kind)).toEqual(['isb', 'gap'])
  expect(events[1]).toMatchObject({ reason: 'last line is torn', lost: 1 })
})

test('stacks: an event without a colon, and lines of functions', () => {
  const { events, text } = imported(
    `# entries-in-buffer/entries-written: 2/2   #P:1\n${lines('<stack trace>', EVENT)} => vfree\n=> kfree (ffff80008003af78)\n` +
      '\tffff80008003af78 set_memory_ro+0x0 ([kernel.kallsyms])\n',
  )
  expect(events).toMatchObject([
    { kind: 'ftrace', event: '<stack trace>', fields: {} },
    { kind: 'isb' },
  ])
  expect(text.entries).toBe(2)
  expect(() => imported(lines('<stack'))).toThrow('expected')
})

test('lines that are no events', () => {
  const { events } = imported(
    `cpus=2\n\nversion = 7\nCPU 1 is empty\n${lines(EVENT)}##### CPU 1 buffer started ####\n => vfree\r\n` +
      `CPU:1 [LOST 3 EVENTS]\nCPU:0 [LOST EVENTS]\nCPU:0 [7 EVENTS DROPPED]\nCPU:0 [EVENTS DROPPED]\n`,
  )
  expect(events.map((e) => e.kind)).toEqual(['isb', 'gap', 'gap', 'gap', 'gap'])
  expect(ofKind(events, 'gap').map((e) => [e.cpu, e.lost])).toEqual([
    [1, 3],
    [0, null],
    [0, 7],
    [0, null],
  ])
})

test.each([
  ['# tracer: function_graph\n', 'current_tracer'],
  ['# tracer: nop\n# latency trace v1.1.5 on 6.18\n', 'latency-format'],
  ['not a trace\n', 'expected task-pid [cpu]'],
  [`${lines(EVENT)}garbage\n`, 'expected task-pid [cpu]'],
  [lines('isb__vunmap_range'), "expected an event's name"],
  [lines('isb__vunmap_range: nothing'), 'expected (place)'],
  [lines('vfree: (x addr=0x1'), 'expected ) after the place'],
  [lines('vfree: (x) addr=zzz'), "expected a number, found 'addr=zzz'"],
  [lines('vfree: (x) addr'), "expected name=value, found 'addr'"],
  [lines('vfree: (x)addr=0x1'), 'expected a space'],
  [
    `${lines(EVENT)}          a-1       [000] d..1. 17: isb__b: (x)\n`,
    'expected a time in seconds',
  ],
])('malformed: %j', (text, expected) => {
  expect(() => imported(text)).toThrow(expected)
})

test('time counts from the first event; one before it is not turned into a later one', () => {
  const { events, text } = imported(at('10.000001') + at('12.5') + at('9.0') + at('10.000001002'))
  expect(events.map((e) => e.ts)).toEqual([0, 2_499_999_000, 0, 2])
  expect([text.backwards, text.t0, text.clock]).toEqual([1, 10_000_001_000n, 'seconds'])
})

test('a clock that counts is no time', () => {
  const { events, text } = imported(`          insmod-272     [000] d..1. 77: ${EVENT}\n`)
  expect([events[0]!.ts, text.t0, text.clock]).toEqual([null, null, 'ticks'])
})

test('perf script', () => {
  const { events } = imported(
    '          insmod   486 [001]    68.701897: kperm:set_memory_ro: (ffff80008003af78) addr=0xffff80007a114000 numpages=1\n' +
      '          insmod   486 [001]    68.701898: kperm:set_memory_ro_ret: (ffff80008003af78 <- ffff80008003af00) addr=0xffff80007a114000 numpages=1 ret=0\n',
  )
  expect(events).toMatchObject([
    { kind: 'op_begin', task: 'insmod-486', cpu: 1, fn: 'set_memory_ro', ts: 0 },
    { kind: 'op_end', ret: 0, ts: 1000 },
  ])
})

test('nothing is lost of a real overrun: gap, returns without entries, stores without callbacks', () => {
  const { events, counts, translation } = imported(capture('boot-overrun-7.3'))
  expect(events[0]).toMatchObject({ kind: 'gap', lost: 276 })
  expect(counts.kinds).toEqual({ desc_write: 171, gap: 3, span_end: 2 })
  expect(ofKind(events, 'desc_write').every((e) => e.va === null)).toBe(true)
  expect(counts.unpaired).toBe(2)
  expect(flavourOf(translation, counts)).toBe('7.3')
})
