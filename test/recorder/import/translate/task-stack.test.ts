import { InputError } from '@pagetrail/engine'
import { describe, expect, test } from 'vitest'

import { imported, lines } from '../imported.ts'

const kinds = (text: string): string[] => imported(text).events.map((e) => e.kind)

const A = 'addr=0xffff80007a114000'

const line = (flags: string, event: string, cpu = 0) =>
  `            task-7       [00${cpu}] ${flags}     1.000000: ${event}\n`

const idle = (cpu: number, event: string) =>
  `          <idle>-0       [00${cpu}] d.s1.     1.000000: ${event}\n`

const enter = (addr: string) =>
  `change_page_range: (x) pte=0x1 addr=${addr} val=0x3 set=0x80 clear=0x0`
const exit = (addr: string) => `change_page_range_ret: (x) pte=0x1 addr=${addr} val=0x83 ret=0`
const entry = `change_page_range: (x) pte=0xffff000003763390 ${A} val=0xe800004833c703 set=0x80 clear=0x8000000000000`
const at = (pte: string, addr: string) =>
  `change_page_range_ret: (x) pte=${pte} addr=${addr} val=0xe000004833c783 ret=0`
const lost = (cpu: number) => `CPU:${cpu} [LOST 12 EVENTS]\n`
const bare = (text: string) => `insmod   272 [000]    16.000000: kperm:${text}\n`

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

  test('a new call of the API shows that the one before it was left, its return missed', () => {
    const { events } = imported(
      lines(
        `set_memory_ro: (x) ${A} numpages=1`,
        `change_memory_common: (x) ${A} numpages=1 set=0x80 clear=0x8000000000000`,
        `set_memory_x: (x) ${A} numpages=1`,
        `set_memory_x_ret: (x) ret=0`,
      ),
    )
    expect(events.map((e) => [e.kind, e.op, e.nest])).toEqual([
      ['op_begin', 0, 0],
      ['span_begin', 0, 1],
      ['gap', 0, 1],
      ['gap', 0, 0],
      ['op_begin', 1, 0],
      ['op_end', 1, 0],
    ])
  })

  test('a callback that is entered again had returned: it does not call itself', () => {
    const { events } = imported(
      lines(enter('0xffff80007a114000'), enter('0xffff80007a115000'), exit('0xffff80007a115000')),
    )
    expect(events.map(({ kind }) => kind)).toEqual([
      'cb_enter',
      'gap',
      'cb_enter',
      'desc_write',
      'cb_exit',
    ])
  })

  test.each([
    ['another address', at('0xffff000003763390', '0xffff80007a115000')],
    ['another entry', at('0xffff000003763398', '0xffff80007a114000')],
  ])('halves that name %s are two gaps: no store, no value', (_, exit) => {
    const { events, counts } = imported(lines(entry, exit))
    expect(events.map(({ kind }) => kind)).toEqual(['cb_enter', 'gap', 'gap'])
    expect(counts.unpaired).toBe(2)
  })

  test('the return of a call names other pages than its entry: not its return', () => {
    const { events } = imported(
      lines(`set_memory_ro: (x) ${A} numpages=1`, `set_memory_ro_ret: (x) ${A} numpages=2 ret=0`),
    )
    expect(events.map(({ kind }) => kind)).toEqual(['op_begin', 'gap', 'gap'])
  })

  test('events lost in between: halves that agree are paired, and nothing is concluded of a store', () => {
    const ended = lines(at('0xffff000003763390', '0xffff80007a114000'))
    expect(kinds(`${lines(entry)}${lost(0)}${ended}`)).toEqual(['cb_enter', 'gap', 'cb_exit'])
    expect(kinds(`${lines(entry)}${lost(1)}${ended}`)).toEqual([
      'cb_enter',
      'gap',
      'desc_write',
      'cb_exit',
    ])
    expect(imported(`${lines(entry)}${lost(0)}`).counts.lost).toBe(12)
  })

  test('events lost in between: halves with nothing in common are not paired', () => {
    const open = lines(`set_memory_ro: (x) ${A} numpages=1`)
    const exit = lines('set_memory_ro_ret: (x) ret=0')
    expect(kinds(`${open}${exit}`)).toEqual(['op_begin', 'op_end'])
    expect(kinds(`${open}CPU:0 [LOST 12 EVENTS]\n${exit}`)).toEqual([
      'op_begin',
      'gap',
      'gap',
      'gap',
    ])
  })

  test('what frees or allocates may come to call the API, and itself', () => {
    const { events, counts } = imported(
      lines(
        'vfree: (x) addr=0xffff80007a114000',
        'vfree: (x) addr=0xffff80007a115000',
        'set_direct_map_invalid_noflush: (x) page=0x1',
        'set_direct_map_invalid_noflush_ret: (x) page=0x1 ret=0',
        'vfree_ret: (x)',
        'vfree_ret: (x)',
      ),
    )
    expect(events.map((e) => [e.kind, e.nest])).toEqual([
      ['span_begin', 0],
      ['span_begin', 1],
      ['op_begin', 2],
      ['op_end', 2],
      ['span_end', 1],
      ['span_end', 0],
    ])
    expect(counts.unpaired).toBe(0)
  })

  test('KFENCE may have come in between, with flags and without', () => {
    const open = bare(`set_memory_ro: (x) ${A} numpages=1`)
    const kfence = bare(`set_memory_valid: (x) addr=0xffff00007a999000 numpages=1 enable=0`)
    expect(kinds(`${open}${kfence}`)).toEqual(['op_begin', 'span_begin', 'gap', 'gap'])
    const other = bare(`set_memory_nx: (x) addr=0xffff00007a999000 numpages=1`)
    expect(kinds(`${open}${other}`)).toEqual(['op_begin', 'gap', 'op_begin', 'gap'])
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
