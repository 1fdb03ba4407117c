import type { Context, LevelName, LockMode } from '@pagetrail/engine'
import {
  checkRun,
  memorySource,
  rulesNamed,
  type Common,
  type EventOf,
  type Finding,
  type Json,
  type Kind,
  type Run,
  type TraceEvent,
} from '@pagetrail/recorder'

export const VMALLOC = 0xffff_8000_c000_0000n
export const LINEAR = 0xffff_0001_0004_0000n
export const PAGE = 0x1000n
export const BLOCK = 0x20_0000n

/** Descriptors of kernel memory (7.3): page, read-only page, block, table. */
export const RW = 0xe8_0005_0004_0703n
export const RO = 0xe0_0005_0004_0783n
export const RW_BLOCK = 0xe8_0006_0000_0701n
export const TABLE = 0x1000_0014_0600_0403n
export const CONT = 1n << 52n
export const NG = 1n << 11n

type Fields<K extends Kind> = Omit<EventOf<K>, keyof Common | 'kind'>

export interface RunOptions {
  readonly flavour?: string | null
  readonly source?: Run['source']
  readonly features?: { readonly [name: string]: Json }
  readonly state?: Run['state']
  /** Kinds that it shows; left out: those of its source. */
  readonly shows?: readonly Kind[]
}

/** A run written by hand, event by event, in the order of a kernel's. */
export class Script {
  readonly events: TraceEvent[] = []
  readonly #run: Run
  #cpu = 0
  #ops = 0
  /** Index of the call that is open on each CPU. */
  readonly #open = new Map<number, number>()

  constructor({
    flavour = '7.3',
    source = 'engine',
    features = { bbml: false },
    state = 'complete',
    shows,
  }: RunOptions = {}) {
    this.#run = {
      id: 1,
      label: 'script',
      source,
      state,
      flavour,
      kernel: null,
      scenario: null,
      geometry: { pageShift: 12, vaBits: 48, levels: 4 },
      facts: {
        ...(source === 'engine' && { features }),
        ...(shows !== undefined && { shows: [...shows] }),
      },
      t0: null,
      created: 0,
      events: 0,
      calls: 0,
      lost: 0,
    }
  }

  add<K extends Kind>(kind: K, fields: Fields<K>): this {
    const op = this.#open.get(this.#cpu) ?? null
    const common: Common = {
      seq: this.events.length,
      cpu: this.#cpu,
      op,
      nest: 0,
      ts: null,
      task: null,
    }
    this.events.push({ kind, ...common, ...fields } as TraceEvent)
    return this
  }

  on(cpu: number): this {
    this.#cpu = cpu
    return this
  }

  init(level: LevelName, va: bigint, desc: bigint, count = 1, step = PAGE): this {
    return this.add('init', { level, va, new: desc, count, pa_step: step })
  }

  begin(fn: string, va: bigint | null, pages = 1, args: Json = {}): this {
    this.#open.set(this.#cpu, this.#ops++)
    return this.add('op_begin', {
      fn,
      va,
      end: va === null ? null : va + BigInt(pages) * PAGE,
      args,
    })
  }

  end(fn: string, ret = 0): this {
    this.add('op_end', { fn, ret })
    this.#open.delete(this.#cpu)
    return this
  }

  /** What a handler does in an interrupt of this CPU: in a call of its own, in a context of its own, or both. */
  interrupt(does: (s: this) => void, shownBy: 'call' | 'context' | 'both' = 'both'): this {
    const interrupted = this.#open.get(this.#cpu)
    if (shownBy !== 'call') this.context('irq')
    if (shownBy !== 'context') {
      this.begin('handler', null)
      Object.assign(this.events.at(-1)!, { nest: 1 })
    }
    does(this)
    if (shownBy !== 'context') this.end('handler')
    if (interrupted !== undefined) this.#open.set(this.#cpu, interrupted)
    return shownBy === 'call' ? this : this.context('task')
  }

  walk(va: bigint, end: bigint, fn = 'walk_kernel_page_table_range_lockless'): this {
    return this.add('walk_begin', { fn, va, end })
  }

  walked(ret = 0, fn = 'walk_kernel_page_table_range_lockless'): this {
    return this.add('walk_end', { fn, ret })
  }

  enter(level: LevelName, va: bigint, end = va + PAGE): this {
    return this.add('cb_enter', { level, fn: `pageattr_${level}_entry`, va, end })
  }

  exit(
    level: LevelName,
    va: bigint,
    ret = 0,
    action: 'subtree' | 'continue' | 'again' | null = null,
  ): this {
    return this.add('cb_exit', { level, fn: `pageattr_${level}_entry`, va, ret, action })
  }

  write(level: LevelName, va: bigint, old: bigint, desc: bigint): this {
    return this.add('desc_write', { level, va, old, new: desc })
  }

  /** A callback that stores. */
  change(level: LevelName, va: bigint, old: bigint, desc: bigint, end = va + PAGE): this {
    return this.enter(level, va, end).write(level, va, old, desc).exit(level, va)
  }

  flush(va: bigint | null, end: bigint | null): this {
    const fn = va === null ? 'flush_tlb_all' : 'flush_tlb_kernel_range'
    return this.add('tlb_flush', { fn, va, end })
  }

  tlbi(va: bigint | null, pages: number | null = 1, insn = 'vaale1is'): this {
    return this.add('tlbi', { insn, va, pages, scale: null, num: null })
  }

  barrier(): this {
    return this.add('barrier', {})
  }

  lazyEnter(): this {
    return this.add('lazy_mmu_enter', { depth: null })
  }

  lazyLeave(): this {
    return this.add('lazy_mmu_leave', { depth: null })
  }

  lock(fn: string, mode: LockMode): this {
    return this.add('lock', { fn, mode })
  }

  unlock(fn: string, mode: LockMode): this {
    return this.add('unlock', { fn, mode })
  }

  context(fn: Context): this {
    return this.add('context', { fn })
  }

  report(...rules: string[]) {
    return checkRun(
      memorySource(this.#run, this.events),
      rulesNamed(rules.length > 0 ? rules : undefined),
    )
  }

  /** What one rule finds. */
  check(rule: string): readonly Finding[] {
    return this.report(rule).findings
  }
}

/** How findings read in a test: severity, and the events that prove them. */
export const brief = (findings: readonly Finding[]): string[] =>
  findings.map((f) => `${f.hazard} ${f.severity} ${f.proof.join(',')}`)
