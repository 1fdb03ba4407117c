import type { Cpu } from './cpu.ts'
import { KernelStop } from './stop.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Pa } from '../arch/u64.ts'

/** WARN_ON(): reported every time; the call goes on. `fn` is the function the site is in. */
export function warnOn(cpu: Cpu, fn: string): void {
  cpu.hooks?.warn(fn, false, true)
}

/** WARN_ON_ONCE(): one latch per site; `what` distinguishes sites of one function. */
export function warnOnOnce(cpu: Cpu, fn: string, what: string): void {
  const site = `${fn}:${what}`
  const fired = cpu.stepper === null ? fire(cpu, site) : cpu.stepper.shared(() => fire(cpu, site))
  cpu.hooks?.warn(fn, true, fired === 1)
}

function fire(cpu: Cpu, site: string): number {
  const { latches } = cpu.system
  if (latches.has(site)) return 0
  cpu.system.journal?.changed(() => latches.delete(site))
  latches.add(site)
  return 1
}

/** Something that is not a table, or lies outside of an array, would be followed: the call ends. */
export function wildDeref(cpu: Cpu, fn: string, pa: Pa): never {
  cpu.hooks?.wildDeref(fn, loOf(pa), hiOf(pa))
  throw new KernelStop(`${fn}: 0x${pa.toString(16)} is not there`)
}

/** BUG_ON(): the call ends. */
export function bug(cpu: Cpu, fn: string): never {
  cpu.hooks?.bug(fn)
  throw new KernelStop(`BUG in ${fn}`)
}
