import { eventFromJson, type Json, type Run, type TraceEvent } from '@pagetrail/recorder'

import { inOrder } from './events.ts'

/** Kernel addresses of the sample runs: a vmalloc area of 4K pages and its linear alias. */
export const AREA = 0xffff_8000_c000_0000n
export const PAGE = 0x1000n
/** PAGE_KERNEL and PAGE_KERNEL_RO of 6.18, without an address. */
export const KERNEL_RW = 0x68_0000_0000_0703n
export const KERNEL_RO = 0x60_0000_0000_0783n

export const hex = (value: bigint): string => `0x${value.toString(16)}`

export const SAMPLE_RUN: Run = {
  id: 1,
  label: 'sample',
  source: 'engine',
  state: 'complete',
  flavour: '6.18',
  kernel: null,
  scenario: 'set_memory_ro',
  geometry: { pageShift: 12, vaBits: 48, levels: 4 },
  facts: { features: { rodata_full: 1 } },
  t0: null,
  created: 1_700_000_000_000,
  events: 0,
  calls: 0,
  lost: 0,
}

export type Lean = { readonly kind: string; readonly [field: string]: Json }

/** Events from their own fields: `seq`, `nest` and what else is common are filled in. */
export function eventsOf(list: readonly Lean[], op: number | null = 0): TraceEvent[] {
  return inOrder(list.map((fields, seq) => eventFromJson({ seq, cpu: 0, op, ...fields })))
}

/** set_memory_ro of `pages` pages as 6.18 does it, start state included: one lazy section, one barrier, one flush. */
export function setMemoryRo(pages: number, va = AREA): Lean[] {
  const end = hex(va + BigInt(pages) * PAGE)
  const range = { va: hex(va), end }
  const writes = Array.from({ length: pages }, (_, i): Lean[] => {
    const page = va + BigInt(i) * PAGE
    const pa = 0x5_0004_0000n + BigInt(i) * PAGE
    const at = { level: 'pte', fn: 'pageattr_pte_entry', va: hex(page) }
    return [
      { kind: 'cb_enter', ...at, end: hex(page + PAGE) },
      {
        kind: 'desc_write',
        level: 'pte',
        va: hex(page),
        old: hex(KERNEL_RW | pa),
        new: hex(KERNEL_RO | pa),
      },
      { kind: 'barrier_queue' },
      { kind: 'cb_exit', ...at, ret: 0, action: null },
    ]
  })
  return [
    { kind: 'op_begin', fn: 'set_memory_ro', ...range, args: { addr: hex(va), numpages: pages } },
    { kind: 'lazy_mmu_enter', depth: 1 },
    { kind: 'walk_begin', fn: 'walk_kernel_page_table_range_lockless', ...range },
    ...writes.flat(),
    { kind: 'walk_end', fn: 'walk_kernel_page_table_range_lockless', ret: 0 },
    { kind: 'barrier' },
    { kind: 'lazy_mmu_leave', depth: 0 },
    { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', ...range },
    tlbiOf(pages, va),
    { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
  ]
}

/** One instruction for the whole range, where there is one. */
const tlbiOf = (pages: number, va: bigint): Lean => {
  const isRange = pages % 2 === 0
  const operand = isRange ? { scale: 0, num: pages / 2 - 1 } : { scale: null, num: null }
  return { kind: 'tlbi', insn: isRange ? 'rvaale1is' : 'vaale1is', va: hex(va), pages, ...operand }
}

/** The start state that {@link setMemoryRo} finds. */
export const initOf = (pages: number, va = AREA): Lean => ({
  kind: 'init',
  level: 'pte',
  va: hex(va),
  new: hex(KERNEL_RW | 0x5_0004_0000n),
  count: pages,
  pa_step: '0x1000',
})
