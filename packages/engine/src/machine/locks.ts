import { mightSleep } from './context.ts'
import type { Cpu } from './cpu.ts'
import type { LockMode } from './hooks.ts'
import { bug } from './warn.ts'
import { Lock, NOBODY } from './lock.ts'

/** A plain store to a flag that others wait for: one step. Events: unlock and lock of `flag`. */
export function raiseFlag(cpu: Cpu): void {
  const { flag } = cpu.system.locks
  if (cpu.stepper === null || cpu.stepper.release(flag, 'write')) {
    if (flag.isHeldBy(NOBODY)) {
      cpu.system.journal?.changed(() => flag.take(NOBODY, 'write'))
      flag.give(NOBODY)
    }
    cpu.system.tlb?.storedElsewhere(cpu.id)
  }
  cpu.hooks?.unlock(flag.name, 'write')
}

/** Loads of the flag until it is raised: one step, the last. */
export function awaitFlag(cpu: Cpu): void {
  const { flag } = cpu.system.locks
  if (cpu.stepper === null && flag.isHeldBy(NOBODY)) bug(cpu, flag.name)
  cpu.stepper?.acquire(flag, 'read')
  cpu.hooks?.lock(flag.name, 'read')
}

/**
 * mutex_lock(), spin_lock(), down_read(), down_write(). In a scheduled run it waits; in a plain run nobody else can
 * release the lock, so that a held one stops the call as a bug.
 */
export function lock(cpu: Cpu, target: Lock, mode: LockMode): void {
  if (mode !== 'spin') mightSleep(cpu, target.name)
  const takes = cpu.stepper === null || cpu.stepper.acquire(target, mode)
  if (takes) {
    if (!target.canTake(mode)) bug(cpu, target.name)
    take(cpu, target, mode)
  }
  if (mode === 'spin') cpu.spinDepth++
  cpu.hooks?.lock(target.name, mode)
}

function take(cpu: Cpu, target: Lock, mode: LockMode): void {
  cpu.system.journal?.changed(() => target.give(cpu.id))
  target.take(cpu.id, mode)
}

/** mutex_trylock(), spin_trylock(), down_read_trylock(), down_write_trylock(): one step, never sleeps. */
export function tryLock(cpu: Cpu, target: Lock, mode: LockMode): boolean {
  const { stepper } = cpu
  let taken = stepper === null ? null : stepper.tryAcquire(target, mode)
  if (taken === null) {
    taken = target.canTake(mode)
    if (taken) take(cpu, target, mode)
    stepper?.atomicDone(taken)
  }
  if (!taken) return false
  if (mode === 'spin') cpu.spinDepth++
  cpu.hooks?.lock(target.name, mode)
  return true
}

/** static_branch_inc(), static_branch_dec(): one step, no event. */
export function switchKey(cpu: Cpu, key: Lock, on: boolean): void {
  const { stepper } = cpu
  const acts =
    stepper === null || (on ? stepper.acquire(key, 'read') : stepper.release(key, 'read'))
  if (!acts) return
  if (on) take(cpu, key, 'read')
  else give(cpu, key, 'read')
}

/** static_branch_unlikely(): one step, no event. */
export function isKeyOn(cpu: Cpu, key: Lock): boolean {
  const known = cpu.stepper === null ? null : cpu.stepper.tryAcquire(key, 'read')
  if (known !== null) return known
  const isOn = key.isHeld('read')
  cpu.stepper?.atomicDone(isOn)
  return isOn
}

function give(cpu: Cpu, target: Lock, mode: LockMode): void {
  cpu.system.journal?.changed(() => target.take(cpu.id, mode))
  target.give(cpu.id)
}

/** mutex_unlock(), spin_unlock(), up_read(), up_write(). What the CPU does not hold stops the call as a bug. */
export function unlock(cpu: Cpu, target: Lock, mode: LockMode): void {
  if (cpu.stepper === null || cpu.stepper.release(target, mode)) {
    if (!target.isHeldBy(cpu.id)) bug(cpu, target.name)
    give(cpu, target, mode)
  }
  if (mode === 'spin') cpu.spinDepth--
  cpu.hooks?.unlock(target.name, mode)
}
