import { describe, expect, test } from 'vitest'

import { CALL_NAMES, FLAVOURS, InputError, createMachine, parseCall } from '@pagetrail/engine'

import { hookLog } from '../../../support/hook-log.ts'

const RANGE = { addr: '0xffff8000c0000000', end: '0xffff8000c0001000' }
const PAGES = { addr: '0xffff8000c0000000', numpages: 1 }
const PFN = { pfn: '0x500000', numpages: 1, enable: 1 }
const OBSERVE = { ...RANGE, cb: 'observe' }
const OWN = { ...RANGE, cb: 'own', set: '0x80', clear: '0x0' }

const ALL = FLAVOURS.map((f) => f.name)
const WALKS = ['seed-v1', '6.18', '7.3']
const SPLITS = ['6.18', '7.3']

/** Call, and the flavours that have it. */
const TABLE: readonly (readonly [Record<string, unknown> & { fn: string }, readonly string[]])[] = [
  ...['ro', 'rw', 'x', 'nx', 'rox'].map(
    (what) => [{ fn: `set_memory_${what}`, ...PAGES }, ALL] as const,
  ),
  [{ fn: 'set_memory_valid', ...PAGES, enable: 0 }, ALL],
  [{ fn: 'set_direct_map_invalid_noflush', pfn: '0x500000' }, ALL],
  [{ fn: 'set_direct_map_default_noflush', pfn: '0x500000' }, ALL],
  [{ fn: 'set_direct_map_valid_noflush', ...PFN }, ALL.slice(1)],
  [{ fn: '__kernel_map_pages', ...PFN }, ALL],
  [{ fn: 'kernel_page_present', pfn: '0x500000' }, ALL],
  [{ fn: 'can_set_direct_map' }, ALL],
  [{ fn: 'apply_to_page_range', ...OBSERVE }, ALL],
  [{ fn: 'apply_to_page_range', ...OWN }, ['6.12', '6.17']],
  [{ fn: 'apply_to_page_range', ...RANGE, cb: 'null' }, ALL],
  [{ fn: 'apply_to_existing_page_range', ...OBSERVE }, ALL],
  [{ fn: 'apply_to_existing_page_range', ...OWN }, ['6.12', '6.17']],
  [{ fn: 'walk_kernel_page_table_range', ...OBSERVE, levels: 63 }, ALL],
  [{ fn: 'walk_kernel_page_table_range', ...OWN }, WALKS],
  [{ fn: 'walk_kernel_page_table_range_lockless', ...OBSERVE, levels: 63 }, WALKS],
  [{ fn: 'walk_kernel_page_table_range_lockless', ...OWN }, WALKS],
  [{ fn: 'walk_page_range_debug', ...OBSERVE, levels: 63 }, ALL],
  [{ fn: 'walk_page_range', ...OBSERVE, mm: 'task', levels: 63 }, ALL],
  [{ fn: 'set_memory_encrypted', ...PAGES }, ALL],
  [{ fn: 'set_memory_decrypted', ...PAGES, rsi: -5 }, ALL],
  [{ fn: 'arch_kfence_init_pool' }, ALL],
  [{ fn: 'kfence_protect_page', addr: PAGES.addr, protect: 1 }, ALL],
  [{ fn: 'linear_map_maybe_split_to_ptes' }, SPLITS],
  [{ fn: 'set_ptes', addr: PAGES.addr, desc: '0x68000500000703', count: 2 }, ALL],
  [{ fn: 'ptep_get_and_clear', addr: PAGES.addr }, ALL],
  [{ fn: 'ptep_try_set', addr: PAGES.addr, desc: '0x68000500000703' }, ['7.3']],
  [{ fn: 'pmd_clear', addr: PAGES.addr }, ALL],
  [{ fn: '__flush_tlb_kernel_pgtable', addr: PAGES.addr }, ALL],
  [{ fn: 'walk_page_range_novma', ...OBSERVE, levels: 63 }, []],
  [{ fn: 'split_kernel_leaf_mapping', ...RANGE }, SPLITS],
  [{ fn: 'range_split_to_ptes', ...RANGE }, SPLITS],
  [{ fn: 'flush_tlb_kernel_range', ...RANGE }, ALL],
  [{ fn: 'h7_change', addr: RANGE.addr, entries: 16, split: 'lock' }, ALL],
  [{ fn: 'h7_block_change', addr: RANGE.addr, split: 'plain' }, ALL],
  [{ fn: 'ptdump_walk', addr: RANGE.addr, entries: 2 }, ALL],
  [{ fn: 'vmap_huge', addr: RANGE.addr }, ALL],
  [{ fn: 'lazy_enter' }, ALL.slice(1)],
  [{ fn: 'lazy_leave' }, ALL.slice(1)],
  [{ fn: 'lazy_pause' }, ['7.3']],
  [{ fn: 'lazy_resume' }, ['7.3']],
]

test('the table below has every call', () => {
  expect([...new Set(TABLE.map(([call]) => call.fn))].toSorted()).toEqual(CALL_NAMES.toSorted())
})

test.each(TABLE)('%j is had by %j, and leaves no event elsewhere', (call, flavours) => {
  for (const flavour of ALL) {
    const { hooks, lines } = hookLog()
    const machine = createMachine({ flavour, geometry: { page_shift: 12, va_bits: 48 }, hooks })
    machine.addMm({ name: 'task', mmapLock: 'write', init: [], vmas: [] }, 'mms[0]')
    const ret = machine.call(call)
    const has = flavours.includes(flavour)
    // The first line tells the CPU; the last of a call that was made is its end.
    const ends = has ? [`opEnd "${call.fn}",${ret}`] : []
    expect([ret !== null, lines.slice(1).slice(-1)], flavour).toEqual([has, ends])
    expect(lines.filter((line) => line.startsWith('opBegin')).length, flavour).toBe(ends.length)
  }
})

describe('arguments', () => {
  test('are reported as given, 64-bit values as bigint', () => {
    const call = parseCall(
      { fn: 'set_memory_valid', ...PAGES, enable: 0, alloc_fail: 2 },
      'calls[0]',
    )
    expect(call.args).toEqual({ addr: 0xffff8000c0000000n, numpages: 1, enable: 0, alloc_fail: 2 })
    expect(call.allocFail).toBe(2)
  })

  test('are 64-bit values also without 0x, as kernels print them', () => {
    const call = parseCall({ fn: 'set_memory_ro', addr: 'ffff8000c0000000', numpages: 1 }, '')
    expect(call.args['addr']).toBe(0xffff8000c0000000n)
    const cpu = createMachine({ flavour: '7.3', geometry: { page_shift: 12, va_bits: 48 } }).cpu(0)
    expect(call.range(cpu)?.[0]).toBe(-0x7fff40000000)
  })

  test('may be bigint and boolean', () => {
    const call = parseCall(
      { fn: 'set_memory_valid', addr: 0xffff8000c0000000n, numpages: -1, enable: true },
      '',
    )
    const cpu = createMachine({ flavour: '7.3', geometry: { page_shift: 12, va_bits: 48 } }).cpu(0)
    const [start, end] = call.range(cpu) ?? [0, 0]
    expect(end - start).toBe(-4096)
  })

  test.each<[object, string]>([
    [
      { fn: 'set_memory_ro', numpages: 1 },
      'calls[4].addr: is missing; it should be a 64-bit value',
    ],
    [
      { fn: 'kernel_page_present', pfn: '0xffffffffffffffff' },
      'calls[4].pfn: should be below 2^40',
    ],
    [
      { fn: 'apply_to_page_range', ...RANGE, cb: 'mine' },
      'calls[4].cb: "mine" should be one of own',
    ],
    [
      { fn: 'h7_change', addr: RANGE.addr, entries: 3, split: 'lock' },
      'calls[4].entries: 3 should be a power of two',
    ],
    [{ fn: 'toString' }, 'calls[4].fn: "toString" is not known'],
    [
      { fn: 'lazy_enter', addr: 1 },
      'calls[4].addr: is not known here; the fields are fn, alloc_fail',
    ],
    [{ fn: 'lazy_enter', alloc_fail: -1 }, 'calls[4].alloc_fail: -1 should be an integer from 0'],
  ])('%j is refused', (call, message) => {
    expect(() => parseCall(call, 'calls[4]')).toThrow(InputError)
    expect(() => parseCall(call, 'calls[4]')).toThrow(message)
  })
})
