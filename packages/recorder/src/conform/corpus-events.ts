import {
  type CallArgs,
  hexOf,
  hexOfWords,
  type Hooks,
  type Level,
  LEVEL_NAMES,
  type LockMode,
  type WalkAction,
} from '@pagetrail/engine'

/** An event as the corpus and JSON Lines have it: 64-bit values are hexadecimal strings. */
export type CorpusEvent = Readonly<Record<string, unknown>>

const nullIfNegative = (value: number): number | null => (value < 0 ? null : value)

/**
 * Turns what the engine reports into the corpus's events. Kinds that the corpus does not know (context,
 * sleep_in_atomic, access) are left out: its cases have one CPU in one context and no accesses.
 */
export class CorpusEvents implements Hooks {
  /** Index of the call that runs. */
  op: number | null = null
  #seq = 0
  #cpu = 0
  readonly #sink: (event: CorpusEvent) => void

  constructor(sink: (event: CorpusEvent) => void) {
    this.#sink = sink
  }

  #emit(kind: string, fields: CorpusEvent): void {
    this.#sink({ seq: this.#seq++, cpu: this.#cpu, op: this.op, kind, ...fields })
  }

  cpu(cpu: number): void {
    this.#cpu = cpu
  }

  opBegin(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    args: CallArgs,
  ): void {
    const va = hasRange ? hexOfWords(vaLo, vaHi) : null
    const end = hasRange ? hexOfWords(endLo, endHi) : null
    const text = Object.entries(args).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? hexOf(value) : value,
    ])
    this.#emit('op_begin', { fn, va, end, args: Object.fromEntries(text) })
  }

  opEnd(fn: string, ret: number): void {
    this.#emit('op_end', { fn, ret })
  }

  walkBegin(fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    this.#emit('walk_begin', { fn, va: hexOfWords(vaLo, vaHi), end: hexOfWords(endLo, endHi) })
  }

  walkEnd(fn: string, ret: number): void {
    this.#emit('walk_end', { fn, ret })
  }

  cbEnter(
    level: Level,
    fn: string,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
  ): void {
    const va = hexOfWords(vaLo, vaHi)
    this.#emit('cb_enter', { level: LEVEL_NAMES[level], fn, va, end: hexOfWords(endLo, endHi) })
  }

  cbExit(
    level: Level,
    fn: string,
    vaLo: number,
    vaHi: number,
    ret: number,
    action: WalkAction | null,
  ): void {
    const va = hexOfWords(vaLo, vaHi)
    this.#emit('cb_exit', { level: LEVEL_NAMES[level], fn, va, ret, action })
  }

  hole(level: Level, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    this.#emit('hole', { level, va: hexOfWords(vaLo, vaHi), end: hexOfWords(endLo, endHi) })
  }

  descWrite(
    level: Level,
    vaLo: number,
    vaHi: number,
    oldLo: number,
    oldHi: number,
    newLo: number,
    newHi: number,
  ): void {
    this.#emit('desc_write', {
      level: LEVEL_NAMES[level],
      va: hexOfWords(vaLo, vaHi),
      old: hexOfWords(oldLo, oldHi),
      new: hexOfWords(newLo, newHi),
    })
  }

  tableAlloc(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void {
    const va = hexOfWords(vaLo, vaHi)
    this.#emit('table_alloc', { level: LEVEL_NAMES[level], va, pa: hexOfWords(paLo, paHi) })
  }

  tableAllocFail(level: Level, vaLo: number, vaHi: number): void {
    this.#emit('table_alloc_fail', { level: LEVEL_NAMES[level], va: hexOfWords(vaLo, vaHi) })
  }

  tableFree(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void {
    const va = hexOfWords(vaLo, vaHi)
    this.#emit('table_free', { level: LEVEL_NAMES[level], va, pa: hexOfWords(paLo, paHi) })
  }

  lazyMmuEnter(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void {
    this.#lazy('lazy_mmu_enter', depth, ignored, api)
  }

  lazyMmuLeave(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void {
    this.#lazy('lazy_mmu_leave', depth, ignored, api)
  }

  #lazy(kind: string, depth: number, ignored: boolean, api: string | null): void {
    this.#emit(kind, { depth, ...(ignored && { ignored }), ...(api !== null && { api }) })
  }

  barrierQueue(): void {
    this.#emit('barrier_queue', {})
  }

  barrier(): void {
    this.#emit('barrier', {})
  }

  dsb(): void {
    this.#emit('dsb', { scope: 'ishst' })
  }

  tlbFlush(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
  ): void {
    const va = hasRange ? hexOfWords(vaLo, vaHi) : null
    this.#emit('tlb_flush', { fn, va, end: hasRange ? hexOfWords(endLo, endHi) : null })
  }

  tlbi(insn: string, vaLo: number, vaHi: number, pages: number, scale: number, num: number): void {
    this.#emit('tlbi', {
      insn,
      va: pages < 0 ? null : hexOfWords(vaLo, vaHi),
      pages: nullIfNegative(pages),
      scale: nullIfNegative(scale),
      num: nullIfNegative(num),
    })
  }

  lock(fn: string, mode: LockMode): void {
    this.#emit('lock', { fn, mode })
  }

  unlock(fn: string, mode: LockMode): void {
    this.#emit('unlock', { fn, mode })
  }

  split(level: Level, vaLo: number, vaHi: number): void {
    this.#emit('split', { level: LEVEL_NAMES[level], va: hexOfWords(vaLo, vaHi) })
  }

  warn(fn: string, once: boolean, fired: boolean): void {
    this.#emit('warn', { fn, once, fired })
  }

  badEntry(level: Level, descLo: number, descHi: number): void {
    this.#emit('bad_entry', { level: LEVEL_NAMES[level], desc: hexOfWords(descLo, descHi) })
  }

  context(): void {}

  sleepInAtomic(): void {}

  access(): void {}

  livelock(level: Level, fn: string, vaLo: number, vaHi: number, repeats: number): void {
    const va = hexOfWords(vaLo, vaHi)
    this.#emit('livelock', { level: LEVEL_NAMES[level], fn, va, repeats })
  }

  wildDeref(fn: string, paLo: number, paHi: number): void {
    this.#emit('wild_deref', { fn, pa: hexOfWords(paLo, paHi) })
  }

  bug(fn: string): void {
    this.#emit('bug', { fn })
  }

  tooManyEvents(): void {
    this.#emit('too_many_events', {})
  }
}
