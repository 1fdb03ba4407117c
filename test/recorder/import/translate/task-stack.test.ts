import { InputError } from '@pagetrail/engine'
import { describe, expect, test } from 'vitest'

import { imported, lines } from '../imported.ts'

const kinds = (text: string): string[] => imported(text).events.map((e) => e.kind)

const A = 'addr=0xffff80007a114000'

const line = (flags: string, event: string, cpu = 0) =>
  `            task-7       [00${cpu}] ${flags}     1.000000: ${event}\n`

const idle = (cpu: number, event: string) =>
  `          <idle>-0       [00${cpu}] d.s1.     1.000000: ${event}\n`

describe('what is missing', () => {
  test('an entry without a return, a return without an entry', () => {
    const { events, counts } = imported(
      lines(
        `set_memory_valid_ret: (x) ${A} ret=0`,
        `set_memory_ro: (x) ${A} numpages=1`,
        `change_memory_common: (x) ${A} numpages=1 set=0x80 clear=0x0`,
        `set_memory_ro_ret: (x) ${A} ret=0`,
        `vfree: (x) ${A}`,
      ),
    )
    expect(events.map((e) => [e.kind, e.op, e.nest, e.kind === 'gap' ? e.reason : ''])).toEqual([
      ['gap', null, 0, 'entry of set_memory_valid not seen'],
      ['span_end', null, 0, ''],
      ['op_begin', 0, 0, ''],
      ['span_begin', 0, 1, ''],
      ['gap', 0, 1, 'return of change_memory_common not seen'],
      ['op_end', 0, 0, ''],
      ['span_begin', null, 0, ''],
      ['gap', null, 0, 'return of vfree not seen'],
    ])
    expect(counts.unpaired).toBe(3)
  })

  test('lost events make what is open on that CPU doubtful: the next call begins anew', () => {
    const open = lines(`set_memory_ro: (x) ${A} numpages=1`)
    const next = lines(`set_memory_x: (x) ${A} numpages=1`, `set_memory_x_ret: (x) ret=0`)
    expect(kinds(`${open}CPU:0 [LOST 12 EVENTS]\n${next}`)).toEqual([
      'op_begin',
      'gap',
      'gap',
      'op_begin',
      'op_end',
    ])
    expect(kinds(`${open}CPU:1 [LOST 12 EVENTS]\n${next}`)).toEqual([
      'op_begin',
      'gap',
      'span_begin',
      'span_end',
      'gap',
    ])
    expect(imported(`${open}CPU:0 [LOST 12 EVENTS]\n`).counts.lost).toBe(12)
  })

  test('a store without its values is malformed', () => {
    expect(() => imported(lines('change_page_range_store: (x) pte=0x1 before=0x2'))).toThrow(
      InputError,
    )
  })

  test('what a kprobe could not read is absent', () => {
    const [event] = imported(lines('vfree: (x) addr=(fault)')).events
    expect(event).toMatchObject({ kind: 'span_begin', va: null })
  })
})

describe('contexts', () => {
  test('are told when a CPU changes its own', () => {
    const { events } = imported(
      line('d..1.', 'isb__a: (x)') +
        line('d.s1.', 'isb__a: (x)') +
        line('d.s1.', 'isb__a: (x)') +
        line('d.h1.', 'isb__a: (x)', 1) +
        line('d..1.', 'isb__a: (x)') +
        line('D..1.', 'isb__a: (x)'),
    )
    expect(events.map((e) => (e.kind === 'context' ? `${e.fn}@${e.cpu}` : ''))).toEqual([
      '',
      'softirq@0',
      '',
      '',
      'irq@1',
      '',
      'task@0',
      '',
      'bh_off@0',
      '',
    ])
  })

  test('a call in an interrupt is not part of the call that was interrupted', () => {
    const { events, counts } = imported(
      line('d..1.', `set_memory_ro: (x) ${A} numpages=1`) +
        line('d.s1.', `set_memory_valid: (x) ${A} numpages=1 enable=0`) +
        line('d.s1.', 'isb__set_memory_valid: (x)') +
        line('d.s1.', `set_memory_valid_ret: (x) ret=0`) +
        line('d..1.', 'isb__set_memory_ro: (x)') +
        line('d..1.', `set_memory_ro_ret: (x) ret=0`),
    )
    expect(events.filter((e) => e.kind !== 'context').map((e) => [e.kind, e.op, e.nest])).toEqual([
      ['op_begin', 0, 0],
      ['op_begin', 1, 1],
      ['isb', 1, 2],
      ['op_end', 1, 1],
      ['isb', 0, 1],
      ['op_end', 0, 0],
    ])
    expect(counts.unpaired).toBe(0)
  })

  test('an interrupt that the task went on after has returned', () => {
    const { events } = imported(
      line('d.s1.', `set_memory_valid: (x) ${A} numpages=1 enable=0`) +
        line('d..1.', `vfree: (x) ${A}`),
    )
    expect(events.map((e) => e.kind)).toEqual([
      'context',
      'op_begin',
      'context',
      'gap',
      'span_begin',
      'gap',
    ])
  })

  test('the idle tasks of two CPUs do not share what is open', () => {
    const { counts } = imported(
      idle(0, `set_memory_valid: (x) ${A} numpages=1 enable=0`) +
        idle(1, `set_memory_valid: (x) ${A} numpages=1 enable=0`) +
        idle(0, 'set_memory_valid_ret: (x) ret=0') +
        idle(1, 'set_memory_valid_ret: (x) ret=0'),
    )
    expect(counts.kinds).toMatchObject({ op_begin: 2, op_end: 2 })
    expect(counts.unpaired).toBe(0)
  })
})
