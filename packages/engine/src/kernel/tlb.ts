/** TLB maintenance (A/i/tlbflush.h) of kernel ranges, and of a process where a huge page is split; errata left out. */
import type { Cpu } from '../machine/cpu.ts'
import { issueTlbi } from './instructions.ts'
import { alignDown, hiOf, isBelow, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

/** MAX_TLBI_RANGE_PAGES: 32 · 2^16, the most one range instruction covers. */
const MAX_RANGE_PAGES = 2097152
/** Range operands of an LPA2 kernel count in 64K. */
const LPA2_RANGE_SHIFT = 16

/** flush_tlb_all(), all versions: dsb(ishst), TLBI VMALLE1IS, dsb(ish), isb. */
export function flushTlbAll(cpu: Cpu): void {
  cpu.hooks?.tlbFlush('flush_tlb_all', false, 0, 0, 0, 0)
  begin(cpu)
  issueTlbi(cpu, 'vmalle1is', 0, -1, -1, -1)
  complete(cpu)
}

/**
 * flush_tlb_kernel_range(), all versions: last-level TLBI of [start, end), addresses, between its barriers; too many
 * pages become a flush_tlb_all(). 6.12 goes page by page from an end that it does not round.
 */
export function flushTlbKernelRange(cpu: Cpu, start: Va, end: Va): void {
  const { hooks } = cpu
  hooks?.tlbFlush('flush_tlb_kernel_range', true, loOf(start), hiOf(start), loOf(end), hiOf(end))
  if (cpu.flavour.flush === 'pages') flushPages(cpu, start, end)
  else flushRange(cpu, start, end)
}

/**
 * __flush_tlb_range() of a process, all versions, as flush_pmd_tlb_range() calls it: TLBI of its ASID over
 * [start, end), whole multiples of `stride`, walk caches too, between a dsb(ishst) and a dsb(ish). Under KPTI each
 * instruction is repeated for the ASID that the process has while its own code runs (__tlbi_user()).
 */
export function flushTlbRange(cpu: Cpu, start: Va, end: Va, stride: number): void {
  const { hooks } = cpu
  hooks?.tlbFlush('__flush_tlb_range', true, loOf(start), hiOf(start), loOf(end), hiOf(end))
  begin(cpu)
  rangeLoop(cpu, OF_PROCESS, start, (end - start) / cpu.geometry.pageSize, stride)
  if (cpu.stepper?.barrier('complete') === true) cpu.system.tlb?.complete(cpu.id)
}

/**
 * __flush_tlb_kernel_pgtable(), all versions: VAAE1IS of one address, which reaches walk-cache entries too; for a table
 * that was taken out and will be freed.
 */
export function flushTlbKernelPgtable(cpu: Cpu, addr: Va): void {
  const end = addr + cpu.geometry.pageSize
  const fn = '__flush_tlb_kernel_pgtable'
  cpu.hooks?.tlbFlush(fn, true, loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  begin(cpu)
  issueTlbi(cpu, 'vaae1is', vaOfOperand(operandOf(addr)), 1, -1, -1)
  complete(cpu)
}

/**
 * The flush of one page in a reduced race: TLBI and dsb(ish), a step each; the dsb(ishst) before the TLBI is taken
 * with it. Follows flush_tlb_kernel_range().
 */
export function flushPageInTwoSteps(cpu: Cpu, addr: Va): void {
  const end = addr + cpu.geometry.pageSize
  const fn = 'flush_tlb_kernel_range'
  cpu.hooks?.tlbFlush(fn, true, loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  flushInTwoSteps(cpu, 'vaale1is', addr)
}

/** The same of __flush_tlb_kernel_pgtable(). */
export function flushTableInTwoSteps(cpu: Cpu, addr: Va): void {
  const end = addr + cpu.geometry.pageSize
  const fn = '__flush_tlb_kernel_pgtable'
  cpu.hooks?.tlbFlush(fn, true, loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  flushInTwoSteps(cpu, 'vaae1is', addr)
}

function flushInTwoSteps(cpu: Cpu, insn: string, addr: Va): void {
  const va = vaOfOperand(operandOf(addr))
  if (cpu.stepper?.barrier('tlbi') === true) {
    cpu.system.tlb?.dsb(cpu.id)
    cpu.system.tlb?.tlbi(cpu.id, insn, va, 1)
  }
  cpu.hooks?.tlbi(insn, loOf(va), hiOf(va), 1, -1, -1)
  complete(cpu)
}

/** 6.12: neither rounds the ends nor uses range instructions, and its limit is inclusive. */
function flushPages(cpu: Cpu, start: Va, end: Va): void {
  const { geometry: g } = cpu
  if (isBelow(g.entries * g.pageSize, end - start)) {
    flushTlbAll(cpu)
    return
  }
  begin(cpu)
  // __TLBI_VADDR() shifts both ends by 12 and keeps 44 bits: what is below 4K is lost, the top wraps to 0.
  const last = operandOf(end)
  for (let at = operandOf(start); at < last; at += g.pageSize / 4096) {
    issueTlbi(cpu, 'vaale1is', vaOfOperand(at), 1, -1, -1)
  }
  complete(cpu)
}

/** From 6.17. The two ways versions put the limit give the same result for every number of pages. */
function flushRange(cpu: Cpu, start: Va, end: Va): void {
  const { geometry: g } = cpu
  const first = alignDown(start, g.pageSize)
  const last = -alignDown(-end, g.pageSize)
  const pages = (last - first) / g.pageSize
  const limit = cpu.features.tlb_range ? MAX_RANGE_PAGES : g.entries - 1
  if (pages < 0 || pages > limit) {
    flushTlbAll(cpu)
    return
  }
  begin(cpu)
  rangeLoop(cpu, OF_KERNEL, first, pages, g.pageSize)
  complete(cpu)
}

/** The instructions of a flush: of one address, of a range, and whether KPTI repeats them. */
const OF_KERNEL = { one: 'vaale1is', range: 'rvaale1is', isUser: false } as const
const OF_PROCESS = { one: 'vae1is', range: 'rvae1is', isUser: true } as const
type Instructions = typeof OF_KERNEL | typeof OF_PROCESS

/**
 * __flush_tlb_range_op(), in 7.3 __flush_s1_tlb_range_op(): the largest scale first, in between single
 * instructions, `stride` bytes apart.
 */
function rangeLoop(
  cpu: Cpu,
  { one, range, isUser }: Instructions,
  start: Va,
  count: number,
  stride: number,
): void {
  const { geometry: g, features } = cpu
  let addr = start
  let pages = count
  let scale = 3
  const isTwice = isUser && features.ng_mappings
  while (pages > 0) {
    const unaligned = g.lpa2Active && alignDown(addr, 2 ** LPA2_RANGE_SHIFT) !== addr
    if (!features.tlb_range || pages === 1 || unaligned) {
      const va = vaOfOperand(operandOf(addr))
      issueTlbi(cpu, one, va, 1, -1, -1)
      if (isTwice) issueTlbi(cpu, one, va, 1, -1, -1)
      addr += stride
      pages -= stride / g.pageSize
      continue
    }
    const unit = 2 ** (5 * scale + 1)
    const num = Math.floor(Math.min(pages, 32 * unit) / unit) - 1
    if (num >= 0) {
      const covered = (num + 1) * unit
      const va = rangeOperandVa(cpu, addr)
      issueTlbi(cpu, range, va, covered, scale, num)
      if (isTwice) issueTlbi(cpu, range, va, covered, scale, num)
      addr += covered * g.pageSize
      pages -= covered
    }
    scale--
  }
}

const TWO_44 = 2 ** 44

/** Bits 43:0 of __TLBI_VADDR(): the address in 4K units. */
function operandOf(addr: Va): number {
  const unit = Math.floor(addr / 4096)
  return unit - Math.floor(unit / TWO_44) * TWO_44
}

/** The address a single operand names: bit 55 is its highest and extends. */
const vaOfOperand = (operand: number): Va =>
  (operand >= TWO_44 / 2 ? operand - TWO_44 : operand) * 4096

/** The address a range operand names: BADDR has 37 bits, in pages (LPA2: in 64K), the highest extends. */
function rangeOperandVa(cpu: Cpu, addr: Va): Va {
  const unit = 2 ** (cpu.geometry.lpa2Active ? LPA2_RANGE_SHIFT : cpu.geometry.pageShift)
  const baddr = Math.floor(addr / unit)
  const low = baddr - Math.floor(baddr / 2 ** 37) * 2 ** 37
  return (low >= 2 ** 36 ? low - 2 ** 37 : low) * unit
}

/** dsb(ishst) at the head of a flush, no event of its own: walkers see the new entries before the old ones go. */
function begin(cpu: Cpu): void {
  if (cpu.stepper?.barrier('dsb') === true) cpu.system.tlb?.dsb(cpu.id)
}

/** dsb(ish); isb() at its end, no event either: no CPU uses what was invalidated from here on. */
function complete(cpu: Cpu): void {
  if (cpu.stepper?.barrier('complete') !== true) return
  cpu.system.tlb?.complete(cpu.id)
  cpu.system.tlb?.isb(cpu.id)
}
