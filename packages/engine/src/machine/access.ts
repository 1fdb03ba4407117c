/** Simulated accesses: what the program, or the speculation of some CPU, does between the kernel's calls. */
import type { Cpu } from './cpu.ts'
import { InputError } from '../arch/input-error.ts'
import { CONT_PMD, CONT_PTE, PTE } from '../arch/level.ts'
import type { AccessChoice, AccessMode, AccessOutcome, FillChoice } from './tlb-model.ts'
import type { TlbEntry } from './tlb-state.ts'
import type { TlbModel } from './tlb-model.ts'
import { KernelStop } from './stop.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

const OUTCOMES: readonly AccessOutcome[] = ['ok', 'fault', 'conflict']

/**
 * A load, store or fetch of `va` by CPU `by` (default: the one that runs), through the model TLB: one step. A TLB
 * conflict abort ends the call. @throws InputError on a machine without model TLB
 */
export function access(
  cpu: Cpu,
  va: Va,
  mode: AccessMode,
  choice: AccessChoice = {},
  by = cpu.id,
): AccessOutcome {
  const outcome = inStep(cpu, (tlb) => {
    if (tlb.weak) return accessWeakly(cpu, tlb, va, mode, by)
    const entry = tlb.holds(by, va) ? null : tlb.fill(by, va, choice)
    const result = tlb.access(by, va, mode, choice)
    const dropped = tlb.overflow(by)
    asCpu(cpu, by, () => {
      if (dropped !== null) tellEvict(cpu, dropped)
      if (entry !== null) tellFill(cpu, entry)
      cpu.hooks?.access(mode, loOf(va), hiOf(va), result.outcome, result.stale)
    })
    return OUTCOMES.indexOf(result.outcome)
  })
  if (outcome === OUTCOMES.indexOf('conflict')) throw new KernelStop('TLB conflict abort')
  return OUTCOMES[outcome] as AccessOutcome
}

function accessWeakly(cpu: Cpu, tlb: TlbModel, va: Va, mode: AccessMode, by: number): number {
  const choose = (alternatives: number): number => cpu.stepper?.choose(alternatives) ?? 0
  const { outcome, stale, filled } = tlb.accessWeakly(by, va, mode, choose)
  asCpu(cpu, by, () => {
    if (filled !== null) tellFill(cpu, filled)
    cpu.hooks?.access(mode, loOf(va), hiOf(va), outcome, stale)
  })
  return OUTCOMES.indexOf(outcome)
}

/** A fill of one of `pages` pages, from `va` on. */
export interface SpeculativeFill extends FillChoice {
  readonly pages?: number
}

/** A speculative walk of `va` by CPU `by` whose result is cached: one step. False: it faulted, nothing is cached. */
export function tlbFill(cpu: Cpu, va: Va, choice: SpeculativeFill = {}, by = cpu.id): boolean {
  const filled = inStep(cpu, (tlb) => {
    const page = cpu.stepper?.choose(choice.pages ?? 1) ?? 0
    const at = va + page * cpu.geometry.pageSize
    const choose = (alternatives: number): number => cpu.stepper?.choose(alternatives) ?? 0
    const entry = tlb.weak ? tlb.fillWeakly(by, at, choose) : tlb.fill(by, at, choice)
    const dropped = tlb.overflow(by)
    asCpu(cpu, by, () => {
      if (dropped !== null) tellEvict(cpu, dropped)
      if (entry !== null) tellFill(cpu, entry)
    })
    return Number(entry !== null)
  })
  return filled === 1
}

/** CPU `by` drops what it holds for `va`, as it may at any time: one step. False: it held nothing. */
export function tlbEvict(cpu: Cpu, va: Va, by = cpu.id): boolean {
  const evicted = inStep(cpu, (tlb) => {
    const held = tlb.evict(by, va)
    if (held) asCpu(cpu, by, () => cpu.hooks?.tlbEvict?.(loOf(va), hiOf(va)))
    return Number(held)
  })
  return evicted === 1
}

function inStep(cpu: Cpu, act: (tlb: TlbModel) => number): number {
  const { tlb } = cpu.system
  if (tlb === null || cpu.stepper === null) {
    throw InputError.of('features.tlb_model', 'is off: this machine keeps no TLBs')
  }
  cpu.stepper.barrier('tlb')
  return cpu.stepper.shared(() => act(tlb))
}

/** The hooks speak of another CPU meanwhile. */
function asCpu(cpu: Cpu, by: number, tell: () => void): void {
  if (by !== cpu.id) cpu.hooks?.cpu(by)
  tell()
  if (by !== cpu.id) cpu.hooks?.cpu(cpu.id)
}

function tellEvict(cpu: Cpu, { va }: TlbEntry): void {
  cpu.hooks?.tlbEvict?.(loOf(va), hiOf(va))
}

function tellFill(cpu: Cpu, entry: TlbEntry): void {
  const isSpan = entry.size !== cpu.geometry.size[entry.level]
  const level = isSpan ? (entry.level === PTE ? CONT_PTE : CONT_PMD) : entry.level
  const end = entry.va + entry.size
  const { va, lo, hi } = entry
  cpu.hooks?.tlbFill?.(level, loOf(va), hiOf(va), loOf(end), hiOf(end), lo >>> 0, hi >>> 0)
}
