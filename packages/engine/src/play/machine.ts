import type { Call, CallInput } from '../kernel/calls/call-spec.ts'
import { parseCall } from '../kernel/calls/call-table.ts'
import { Cpu } from '../machine/cpu.ts'
import type { Area, System } from '../machine/cpu.ts'
import { pageKernel } from '../arch/descriptor.ts'
import { DirectStepper } from '../machine/direct-stepper.ts'
import { DEFAULT_FEATURES, deriveConstants, mayChangeDirectMap } from '../machine/features.ts'
import type { Constants, Features } from '../machine/features.ts'
import { flavourOf } from '../machine/flavour.ts'
import type { Flavour } from '../machine/flavour.ts'
import { createGeometry } from '../arch/geometry.ts'
import type { Geometry, GeometryChoice } from '../arch/geometry.ts'
import type { Hooks } from '../machine/hooks.ts'
import { InputError } from '../arch/input-error.ts'
import { leafRuns } from '../machine/leaf-runs.ts'
import type { LeafRun } from '../machine/leaf-runs.ts'
import { Memory } from '../machine/memory.ts'
import { forcePteMapping } from '../kernel/split.ts'
import { mapRun } from '../machine/start-state.ts'
import type { InitRun } from '../machine/start-state.ts'
import { KernelStop } from '../machine/stop.ts'
import { TlbModel } from '../machine/tlb-model.ts'
import { alignDown, hiOf, loOf } from '../arch/u64.ts'
import { createLocks, Lock } from '../machine/lock.ts'
import { HI } from '../arch/descriptor.ts'
import { PMD, PTE } from '../arch/level.ts'
import { isTransHuge } from '../kernel/huge-pmd.ts'
import type { Slot } from '../machine/memory.ts'
import { findSlot, NO_SLOT } from '../machine/find-slot.ts'
import type { MmStart } from './parse-mms.ts'

/** What a machine is made of. */
export interface MachineOptions {
  /** One of {@link FLAVOURS}, or its name. */
  readonly flavour: Flavour | string
  readonly geometry: GeometryChoice
  /** What differs from {@link DEFAULT_FEATURES}. */
  readonly features?: Partial<Features>
  /** What differs from those that follow from the geometry. */
  readonly constants?: Partial<Constants>
  readonly hooks?: Hooks | null
  /** Number of CPUs; default 1. */
  readonly cpus?: number
  /** Keep a model of what TLBs hold, for accesses; default: what `features.tlb_model` says. */
  readonly tlb?: boolean
}

/** Page tables of a kernel and the CPUs that work on them. */
export class Machine {
  readonly flavour: Flavour
  readonly geometry: Geometry
  readonly system: System
  readonly #cpus: readonly Cpu[]
  readonly #hooks: Hooks | null
  /** The CPU the hooks speak of. */
  #speaker = 0

  constructor(system: System, hooks: Hooks | null, cpus: number) {
    this.system = system
    this.flavour = system.flavour
    this.geometry = system.geometry
    this.#cpus = Array.from({ length: cpus }, (_, id) => new Cpu(id, system, hooks))
    this.#hooks = hooks
    if (system.tlb !== null) for (const cpu of this.#cpus) cpu.stepper = new DirectStepper(cpu)
    hooks?.cpu(0)
  }

  /** From here on the hooks speak of this CPU. */
  speak(cpu: number): void {
    if (cpu === this.#speaker) return
    this.#speaker = cpu
    this.#hooks?.cpu(cpu)
  }

  /** @throws InputError if there is no such CPU. */
  cpu(id: number): Cpu {
    const cpu = this.#cpus[id]
    if (cpu === undefined) {
      throw InputError.of('cpu', `${id} should be below ${this.#cpus.length}`)
    }
    return cpu
  }

  get cpus(): readonly Cpu[] {
    return this.#cpus
  }

  /** A call of some CPU did not return: its later ones are not run. */
  get stopped(): boolean {
    return this.#cpus.some((cpu) => cpu.stopped)
  }

  /** Part of the start state: entries and the tables above them. No events. @throws InputError */
  map(run: InitRun, path = 'init'): void {
    mapRun(this.cpu(0), run, path)
  }

  /** An address space besides init_mm, with a table for each block that a walk may split. @throws InputError */
  addMm({ name, mmapLock, init, vmas }: MmStart, path: string): void {
    const cpu = this.cpu(0)
    const { geometry: g, system } = this
    const { memory } = system
    const table = memory.addInitTable(g.top, 0)
    // Of a process the kernel executes nothing; without VMAs the mm is the kernel's own: efi_mm.
    const top = { table, tableHi: vmas.length > 0 ? HI.PXN_TABLE : HI.UXN_TABLE }
    for (const [i, run] of init.entries()) mapRun(cpu, run, `${path}.init[${i}]`, top)
    const deposits = new Map<Slot, number>()
    for (const { start, end } of vmas.filter(({ kind }) => kind === 'anon')) {
      const size = g.size[PMD] as number
      for (let va = alignDown(start, size); va < end; va += size) {
        const pmd = findSlot(cpu, PMD, va, table)
        if (pmd === NO_SLOT || !isTransHuge(memory.words[pmd] as number)) continue
        deposits.set(pmd, memory.addInitTable(PTE, va))
      }
    }
    const pageTable = new Lock(`${name}.page_table_lock`)
    const pmdLock = g.folded[PMD] ? pageTable : new Lock('pmd_ptl')
    const pteLock = new Lock('pte_ptl')
    system.mms.push({ name, table, vmas, mmapLock, deposits, pmdLock, pteLock })
  }

  /** A vm area, as find_vm_area() finds it. */
  addArea(area: Area): void {
    this.system.areas.push(area)
  }

  /**
   * Runs one call on a CPU, between opBegin and opEnd unless it is an action. Its result, or null: the flavour does
   * not have it (no events then), it did not return, or an earlier one of this CPU did not. @throws InputError
   */
  call(input: CallInput | Call, cpu: Cpu = this.cpu(0)): number | null {
    const call = isParsed(input) ? input : parseCall(input, 'call')
    if (cpu.stopped || !call.supported(this.flavour)) return null
    return this.#perform(cpu, call)
  }

  #perform(cpu: Cpu, call: Call): number | null {
    if (cpu.hooks !== null) this.speak(cpu.id)
    const range = call.range(cpu)
    const [start, end] = range ?? [0, 0]
    const hasRange = range !== null
    cpu.allocations = 0
    cpu.failingAllocation = call.allocFail
    const { hooks } = call.isAction === true ? { hooks: null } : cpu
    hooks?.opBegin(call.fn, hasRange, loOf(start), hiOf(start), loOf(end), hiOf(end), call.args)
    try {
      const ret = call.run(cpu)
      if (call.isAction !== true) cpu.hooks?.opEnd(call.fn, ret)
      return ret
    } catch (stop) {
      if (!(stop instanceof KernelStop)) throw stop
      cpu.stopped = true
      return null
    } finally {
      cpu.failingAllocation = 0
    }
  }

  /** The tables as they stand, in the form of a scenario's `final`. */
  leaves(): Generator<LeafRun> {
    return leafRuns(this.geometry, this.system.memory)
  }
}

const isParsed = (call: CallInput | Call): call is Call =>
  'run' in call && typeof call.run === 'function'

function modelTlb(geometry: Geometry, memory: Memory, features: Features, cpus: number): TlbModel {
  const tlb = new TlbModel(geometry, memory, features.bbml, cpus)
  tlb.weak = features.weak_walkers
  if (features.tlb_entries > 0) tlb.room = features.tlb_entries
  tlb.ets2 = features.ets2
  return tlb
}

/** A machine with empty tables. @throws InputError if a choice does not exist */
export function createMachine(options: MachineOptions): Machine {
  const { flavour: chosen } = options
  const flavour = typeof chosen === 'string' ? flavourOf(chosen) : chosen
  const geometry = createGeometry(options.geometry)
  const features: Features = { ...DEFAULT_FEATURES, ...options.features }
  const constants: Constants = { ...deriveConstants(geometry, flavour), ...options.constants }
  const { SWAPPER_PG_DIR_PA: swapper, TABLE_POOL_PA: pool, FIX_PGD_VA: fixPgd } = constants
  const memory = new Memory(geometry, swapper, pool, fixPgd)
  const cpus = options.cpus ?? 1
  const hasTlb = options.tlb ?? features.tlb_model
  const system: System = {
    geometry,
    flavour,
    features,
    constants,
    memory,
    locks: createLocks(),
    areas: [],
    mms: [],
    latches: new Set(),
    pageKernel: pageKernel({
      lpa2Active: geometry.lpa2Active,
      ng: features.ng_mappings,
      dirty: flavour.kernelDirty,
    }),
    linearMapRequiresBbml: requiresBbml(features, flavour),
    tlb: hasTlb ? modelTlb(geometry, memory, features, cpus) : null,
    journal: null,
  }
  return new Machine(system, options.hooks ?? null, cpus)
}

/** What map_mem() of 7.3 decides: before capabilities are final it knows of the boot CPU alone, maybe of no Realm. */
function requiresBbml(features: Features, flavour: Flavour): boolean {
  const then = { ...features, realm: features.realm && !features.realm_known_late }
  return !forcePteMapping(then, then.cpu_bbml) && mayChangeDirectMap(then, flavour)
}
