import {
  PTE,
  atomicChange,
  createMachine,
  loadHi,
  loadLo,
  lock,
  store,
  unlock,
} from '@pagetrail/engine'
import type { Chance, Cpu, Lock, Machine, Program, Slot } from '@pagetrail/engine'

/** One thing that a small program does to shared state. */
type Op = Access | { readonly op: 'lock' | 'unlock'; readonly lock: number }

interface Access {
  readonly op: 'load' | 'atomic' | 'copy'
  readonly slot: number
  readonly bit: number
}

export interface SmallPrograms {
  /** By CPU. */
  readonly ops: readonly (readonly Op[])[]
}

const BASE = 0xffff800080000000n
const LOCKS = 2
const ACCESSES = ['load', 'atomic', 'copy'] as const

const lockOf = ({ system: { locks } }: Cpu, number: number): Lock =>
  number === 0 ? locks.pageTable : locks.swapperPgdir

/** 2 or 3 CPUs of at most 5 steps on 2 entries and 2 locks; what they store depends on what they have loaded. */
export function smallPrograms(chance: Chance): SmallPrograms {
  const cpus = chance.below(4) === 0 ? 3 : 2
  const steps = cpus === 3 ? 2 : 5
  return { ops: Array.from({ length: cpus }, () => smallProgram(chance, 1 + chance.below(steps))) }
}

function smallProgram(chance: Chance, steps: number): readonly Op[] {
  const ops: Op[] = []
  const held: number[] = []
  let left = steps
  while (left > 0) {
    const kind = chance.below(6)
    if (kind === 0 && left >= held.length + 2) {
      const wanted = chance.below(LOCKS)
      held.push(wanted)
      ops.push({ op: 'lock', lock: wanted })
    } else if (held.length > 0 && (kind === 1 || left <= held.length)) {
      ops.push({ op: 'unlock', lock: held.pop() as number })
    } else {
      const op = ACCESSES[chance.below(left > held.length + 1 ? 3 : 2)] as Access['op']
      ops.push({ op, slot: chance.below(2), bit: chance.below(3) })
      // A load and a store.
      if (op === 'copy') left--
    }
    left--
  }
  return ops
}

/** A machine and the programs, ready to run; `settles`: they say that they remember no more than they do. */
export function buildSmall(
  { ops }: SmallPrograms,
  settles = false,
): {
  machine: Machine
  programs: Program[]
} {
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour: '7.3', geometry, cpus: ops.length })
  machine.map({ va: BASE, level: 'pte', desc: 0x703n, count: 2, paStep: 0x1000n })
  const { memory } = machine.system
  const first = memory.firstSlot(memory.tables - 1)
  const programs = ops.map((own) => (cpu: Cpu) => run(cpu, own, first, settles))
  return { machine, programs }
}

function run(cpu: Cpu, ops: readonly Op[], first: Slot, settles: boolean): number {
  const mark = cpu.stepper?.mark() ?? 0
  let seen = 0
  for (const [i, each] of ops.entries()) {
    if ('slot' in each) seen = access(cpu, each, first + 2 * each.slot, seen)
    else if (each.op === 'lock') lock(cpu, lockOf(cpu, each.lock), 'spin')
    else unlock(cpu, lockOf(cpu, each.lock), 'spin')
    if (settles) cpu.stepper?.settled(mark, `${i}:${seen}`)
  }
  return seen
}

function access(cpu: Cpu, { op, bit }: Access, slot: Slot, seen: number): number {
  if (op === 'load') return (seen ^ (loadLo(cpu, slot) >>> 4)) & 0xff
  if (op === 'copy') {
    const lo = loadLo(cpu, slot)
    store(cpu, PTE, slot, (lo ^ (1 << (4 + bit)) ^ (seen << 5)) & 0xffff, loadHi(cpu, slot))
    return seen
  }
  atomicChange(
    cpu,
    PTE,
    slot,
    { lo: 1 << (4 + bit), hi: 0 },
    { lo: 1 << (4 + ((bit + 1) % 3)), hi: 0 },
  )
  return seen
}

/** How a schedule ended, as a text. */
export const endOf = (machine: Machine, results: readonly (number | null)[]): string =>
  `${[...machine.leaves()].map(({ desc, count }) => `${desc.toString(16)}x${count}`).join()} ${results.join()}`
