import type { Slot } from '../machine/memory.ts'
import { STEP_KINDS } from '../play/scheduled-cpu.ts'
import type { ScheduledCpu } from '../play/scheduled-cpu.ts'
import { PairTable } from './pair-table.ts'
import type { SavedPairs } from './pair-table.ts'
import { taskText } from './task-state.ts'
import { VectorTree } from './vector-tree.ts'
import type { SavedTree } from './vector-tree.ts'
import type { Lock } from '../machine/lock.ts'

/** Of a program that returned nothing: not an errno. */
const NO_RESULT = 0x7fff_ffff

/** First halves that no settled memory has, whose second half is 0. */
const FINISHED = -1
const LEFT = -2

/** Elements of the head after those of the CPUs. */
const ELEMENTS = ['tables', 'latches', 'watch', 'note'] as const
export type Element = (typeof ELEMENTS)[number]

export interface SavedVector {
  readonly head: SavedTree
  readonly shared: SavedTree
  readonly tables: readonly SavedPairs[]
  readonly expected: Int32Array
  readonly texts: readonly string[]
  /** Slots, and names of locks. */
  readonly columns: readonly (Slot | string)[]
  readonly initial: readonly (readonly [Slot, number, number])[]
}

/** How much had been set. */
export interface VectorMark {
  readonly head: number
  readonly shared: number
}

/**
 * All that a state is, as a vector with a number: what each CPU remembers, what entries were changed to, who holds
 * which lock, and a few more. Two histories with one number go on alike.
 *
 * What a CPU remembers is the answers to its steps, in a form in which equal memories have equal numbers; where its
 * program says that it has settled, what came since is replaced by the key it gives and by the state of its task.
 */
export class StateVector {
  /** What changes with nearly every edge, apart: a change there does not renumber the way down to an entry. */
  readonly #head: VectorTree
  readonly #shared = new VectorTree()
  readonly #roots = new PairTable()
  readonly #values = new PairTable()
  readonly #locals = new PairTable()
  readonly #settled = new PairTable()
  readonly #steps = new PairTable()
  /** Number of a CPU's next step by what it remembers: equal memories must go on alike. */
  #expected = new Int32Array(1 << 10)
  /** By CPU and length of its log: what it remembers, as a number. */
  readonly #memories: readonly number[][]
  readonly #texts = new Map<string, number>()
  readonly #columns = new Map<Slot | Lock, number>()
  readonly #initial = new Map<Slot, { readonly lo: number; readonly hi: number }>()
  readonly #cpus: number

  /** `tlbs`: those of so many CPUs are part of a state. */
  constructor(cpus: number, tlbs: number) {
    this.#cpus = cpus
    this.#head = new VectorTree(2 ** Math.ceil(Math.log2(cpus + ELEMENTS.length + tlbs)))
    this.#memories = Array.from({ length: cpus }, (_, id) => [this.#locals.numberOf(0, id)])
  }

  get number(): number {
    return this.#roots.numberOf(this.#head.root, this.#shared.root)
  }

  get bytes(): number {
    const trees = this.#head.bytes + this.#shared.bytes + this.#roots.bytes
    const memories = this.#locals.bytes + this.#settled.bytes + this.#expected.byteLength
    return trees + memories + this.#values.bytes + this.#steps.bytes
  }

  get mark(): VectorMark {
    return { head: this.#head.mark, shared: this.#shared.mark }
  }

  undo({ head, shared }: VectorMark): void {
    this.#head.undo(head)
    this.#shared.undo(shared)
  }

  /** The numbers of all that was met, not the vector itself. */
  save(): SavedVector {
    const tables = this.#tables.map((table) => table.save())
    return {
      head: this.#head.save(),
      shared: this.#shared.save(),
      tables,
      expected: this.#expected.slice(),
      texts: [...this.#texts.keys()],
      columns: [...this.#columns.keys()].map((of) => (typeof of === 'number' ? of : of.name)),
      initial: [...this.#initial].map(([slot, { lo, hi }]) => [slot, lo, hi] as const),
    }
  }

  /** Those numbers instead of its own, which must be a part of them: at the start of the same search. */
  restore(saved: SavedVector, locks: readonly Lock[]): void {
    this.#head.restore(saved.head)
    this.#shared.restore(saved.shared)
    for (const [i, table] of this.#tables.entries()) table.restore(saved.tables[i] as SavedPairs)
    this.#expected = saved.expected.slice()
    for (const text of saved.texts) this.#textNumber(text)
    for (const of of saved.columns) {
      this.#columnOf(typeof of === 'number' ? of : (locks.find(({ name }) => name === of) as Lock))
    }
    for (const [slot, lo, hi] of saved.initial) this.#initial.set(slot, { lo, hi })
  }

  get #tables(): readonly PairTable[] {
    return [this.#roots, this.#values, this.#locals, this.#settled, this.#steps]
  }

  /** A CPU got an answer: two words. */
  logged(cpu: ScheduledCpu, lo: number, hi: number): void {
    const { length } = cpu
    const before = this.#memoryAt(cpu, length - 1)
    const memories = this.#memories[cpu.id] as number[]
    memories[length] = this.#locals.numberOf(this.#locals.numberOf(before, lo), hi)
  }

  /** What it remembers before its step `at`, with what interrupts have done to its task there. */
  #memoryAt(cpu: ScheduledCpu, at: number): number {
    const memory = this.#memories[cpu.id]?.[at] as number
    const left = cpu.leftAt(at)
    return left === 0 ? memory : this.#locals.numberOf(LEFT, this.#locals.numberOf(memory, left))
  }

  settled({ id, length, cpu }: ScheduledCpu, mark: number, key: number | string): void {
    // Without a step since then there is nothing to forget.
    if (mark === length) return
    const memories = this.#memories[id] as number[]
    const kept = this.#textNumber(`${key}/${taskText(cpu)}`)
    // Negative: not to be taken for the first half of an answer.
    const settled = -this.#settled.numberOf(memories[mark] as number, kept)
    memories[length] = this.#locals.numberOf(settled, 0)
  }

  /** The entry held these words before, and holds others now. */
  stored(slot: Slot, oldLo: number, oldHi: number, words: Uint32Array): void {
    // The first store in the whole search: it held what it began with.
    if (!this.#initial.has(slot)) this.#initial.set(slot, { lo: oldLo, hi: oldHi })
    const was = this.#initial.get(slot)
    const lo = words[slot] as number
    const hi = words[slot + 1] as number
    const isInitial = was?.lo === lo && was.hi === hi
    this.#setShared(this.#columnOf(slot), isInitial ? 0 : this.#values.numberOf(lo, hi))
  }

  locked(lock: Lock): void {
    this.#setShared(this.#columnOf(lock), this.#textNumber(lock.holders))
  }

  set(element: Element, value: number | string): void {
    const number = typeof value === 'number' ? value : this.#textNumber(value)
    this.#head.set(this.#cpus + ELEMENTS.indexOf(element), number)
  }

  /** What the TLB of a CPU holds. */
  held(cpu: number, text: string): void {
    this.#head.set(this.#cpus + ELEMENTS.length + cpu, this.#textNumber(text))
  }

  /** A CPU has come to its next step or its end. @throws Error if an equal memory once went on differently. */
  arrived(cpu: ScheduledCpu): void {
    let memory = this.#memoryAt(cpu, cpu.length)
    if (cpu.finished) {
      memory = this.#locals.numberOf(
        FINISHED,
        this.#locals.numberOf(memory, cpu.result ?? NO_RESULT),
      )
    }
    this.#head.set(cpu.id, memory)
    this.#guard(cpu, memory)
  }

  #guard(cpu: ScheduledCpu, memory: number): void {
    const next = this.#nextOf(cpu)
    if (memory >= this.#expected.length) {
      const grown = new Int32Array(Math.max(this.#expected.length * 2, memory + 1))
      grown.set(this.#expected)
      this.#expected = grown
    }
    const known = this.#expected[memory] as number
    this.#expected[memory] = next
    if (known === 0 || known === next) return
    throw new Error(
      `CPU ${cpu.id} settled on one key in two histories that go on differently: ` +
        `with ${this.#stepText(known)}, and with ${this.#stepText(next)}`,
    )
  }

  #nextOf(cpu: ScheduledCpu): number {
    if (cpu.finished) return this.#steps.numberOf(-1, 0)
    const at = cpu.length
    const lock = cpu.lockAt(at)
    const where = lock === null ? cpu.slotAt(at) : this.#textNumber(lock.name)
    return this.#steps.numberOf(STEP_KINDS.indexOf(cpu.kindAt(at)), where)
  }

  #stepText(step: number): string {
    const [kind, where] = this.#steps.pairOf(step)
    return kind === -1 ? 'its end' : `${STEP_KINDS[kind]} of slot ${where}`
  }

  #columnOf(of: Slot | Lock): number {
    let column = this.#columns.get(of)
    if (column === undefined) {
      column = this.#columns.size
      this.#columns.set(of, column)
    }
    return column
  }

  #setShared(column: number, value: number): void {
    const tree = this.#shared
    while (!tree.fits(column)) {
      tree.grow()
      this.#roots.mapRight((root) => tree.grown(root))
    }
    tree.set(column, value)
  }

  #textNumber(text: string): number {
    if (text === '') return 0
    let known = this.#texts.get(text)
    if (known === undefined) this.#texts.set(text, (known = this.#texts.size + 1))
    return known
  }
}
