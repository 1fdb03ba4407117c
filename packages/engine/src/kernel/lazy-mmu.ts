/**
 * Lazy MMU mode: setters queue their barrier until the section ends. Three designs, by flavour: none (6.12), one
 * task flag without nesting (6.17 … 6.18, A/i/pgtable.h), counted and pausable (7.3, include/linux/pgtable.h).
 * In interrupt nothing of it acts. The hook of an enter or leave comes after it ran, its barrier before.
 */
import { inInterrupt } from '../machine/context.ts'
import type { Cpu } from '../machine/cpu.ts'

/** The counts of the counted design are u8 and wrap: its checks are debug-only. */
const U8 = 0xff

/** emit_pte_barriers() (6.17 and later; 6.12 has it inline): dsb(ishst); isb(). One step. */
export function emitBarriers(cpu: Cpu): void {
  if (cpu.stepper?.barrier('dsb') === true) {
    cpu.system.tlb?.dsb(cpu.id)
    cpu.system.tlb?.isb(cpu.id)
  }
  cpu.hooks?.barrier()
}

/** queue_pte_barriers() (6.17 and later; 6.12 always emits): defer to the end of the lazy section, or emit. */
export function queueBarriers(cpu: Cpu): void {
  const { lazy } = cpu
  if (lazy.enabled && lazy.paused === 0 && cpu.context === 'task') {
    lazy.pending = true
    if (cpu.hooks !== null) cpu.hooks.barrierQueue()
  } else {
    emitBarriers(cpu)
  }
}

/** arch_flush_lazy_mmu_mode(). */
function flush(cpu: Cpu): void {
  if (!cpu.lazy.pending) return
  cpu.lazy.pending = false
  emitBarriers(cpu)
}

/** arch_enter_lazy_mmu_mode() (6.17 … 6.18); 7.3: lazy_mmu_mode_enable(). Nothing, not even an event, in 6.12. */
export function lazyMmuEnter(cpu: Cpu): void {
  const { lazy } = cpu
  if (cpu.flavour.lazyMmu === 'none') return
  const ignored = inInterrupt(cpu) || lazy.paused > 0
  if (!ignored) {
    const counted = cpu.flavour.lazyMmu === 'counted'
    lazy.depth = counted ? (lazy.depth + 1) & U8 : lazy.depth + 1
    lazy.enabled = counted ? lazy.depth > 0 : true
  }
  cpu.hooks?.lazyMmuEnter(lazy.depth, ignored, null)
}

/** arch_leave_lazy_mmu_mode() (6.17 … 6.18); 7.3: lazy_mmu_mode_disable(), whose inner call flushes and stays lazy. */
export function lazyMmuLeave(cpu: Cpu): void {
  const { lazy } = cpu
  if (cpu.flavour.lazyMmu === 'none') return
  const ignored = inInterrupt(cpu) || lazy.paused > 0
  if (!ignored) {
    const counted = cpu.flavour.lazyMmu === 'counted'
    lazy.depth = counted ? (lazy.depth - 1) & U8 : Math.max(0, lazy.depth - 1)
    flush(cpu)
    lazy.enabled = counted && lazy.depth > 0
  }
  cpu.hooks?.lazyMmuLeave(lazy.depth, ignored, null)
}

/** lazy_mmu_mode_pause(), 7.3 only. */
export function lazyMmuPause(cpu: Cpu): void {
  const { lazy } = cpu
  const ignored = inInterrupt(cpu)
  if (!ignored) {
    const first = lazy.paused === 0
    lazy.paused = (lazy.paused + 1) & U8
    if (first && lazy.enabled) flush(cpu)
  }
  cpu.hooks?.lazyMmuLeave(lazy.depth, ignored, 'pause')
}

/** lazy_mmu_mode_resume(), 7.3 only. */
export function lazyMmuResume(cpu: Cpu): void {
  const { lazy } = cpu
  const ignored = inInterrupt(cpu)
  if (!ignored) lazy.paused = (lazy.paused - 1) & U8
  cpu.hooks?.lazyMmuEnter(lazy.depth, ignored, 'resume')
}
