/**
 * Barriers and TLBI one by one, for implementations that do not flush through the kernel's functions: each is an event
 * of its own, and a step where CPUs are interleaved.
 */
import type { Cpu } from '../machine/cpu.ts'
import type { BarrierScope } from '../machine/hooks.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

/** Barriers of stores alone: they complete no TLBI. */
const STORES: ReadonlySet<BarrierScope> = new Set(['ishst', 'st'])

/** dsb: walkers see the CPU's stores; one that also waits for loads completes its TLBIs. */
export function dsb(cpu: Cpu, scope: BarrierScope): void {
  const waitsForTlbi = !STORES.has(scope)
  if (cpu.stepper?.barrier(waitsForTlbi ? 'complete' : 'dsb') === true) {
    if (waitsForTlbi) cpu.system.tlb?.complete(cpu.id)
    else cpu.system.tlb?.dsb(cpu.id)
  }
  cpu.hooks?.dsb(scope)
}

/** dmb, and with `ishst` smp_wmb(): the CPU's later stores are visible no sooner than those before it. */
export function dmb(cpu: Cpu, scope: BarrierScope): void {
  if (cpu.stepper?.barrier('dsb') === true) cpu.system.tlb?.dmb(cpu.id)
  cpu.hooks?.dmb?.(scope)
}

/** isb: its CPU takes no fault any more that a walk has decided before. */
export function isb(cpu: Cpu): void {
  const { tlb } = cpu.system
  if (tlb?.weak === true && cpu.stepper?.barrier('dsb') === true) tlb.isb(cpu.id)
  cpu.hooks?.isb?.()
}

/**
 * A TLBI of one address by its mnemonic, `vaale1is`, or of everything, `vmalle1is`, where `va` is null. It is not
 * complete before a {@link dsb} of `ish` or `sy`.
 */
export function tlbi(cpu: Cpu, insn: string, va: Va | null): void {
  issueTlbi(cpu, insn, va ?? 0, va === null ? -1 : 1, -1, -1)
}

/** `pages` −1: everything; `scale` and `num` −1: not a range instruction. */
export function issueTlbi(
  cpu: Cpu,
  insn: string,
  va: Va,
  pages: number,
  scale: number,
  num: number,
): void {
  if (cpu.stepper?.barrier('tlbi') === true) cpu.system.tlb?.tlbi(cpu.id, insn, va, pages)
  cpu.hooks?.tlbi(insn, loOf(va), hiOf(va), pages, scale, num)
}
