import { InputError } from '@pagetrail/engine'
import { hashByte, hashBytes } from '../bytes/byte-table.ts'
import { Literal } from '../bytes/literal.ts'
import { isDigit } from '../bytes/number-text.ts'
import type { MetProbe } from '../translate/probe-table.ts'
import { oddColumns } from './odd-line.ts'
import { contextOf as contextOfBits } from '../translate/context-flags.ts'
import { BH_OFF, IRQ, NOT_SHOWN, SOFTIRQ, type Task, TASK } from '../translate/task-stack.ts'
import { encodeUtf8, excerpt } from '../bytes/utf8.ts'
import { type Opening, Openings } from './openings.ts'

const SPACE = 0x20
const DASH = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const LESS = 0x3c
const OPEN = 0x5b
const CLOSE = 0x5d
const PAREN = 0x28
const PAREN_END = 0x29
const PLUS = 0x2b

/** Where ftrace and trace-cmd put the dash between a task's name and its pid. */
const DASH_COLUMN = 16
const MAX_NAME = 256
/** Beginnings of lines that are kept, a task each, until all are forgotten. */
const MOST_HEADS = 1_024
const MAX_CPU = 0xffff
/** 2^64 ns; a time in the last hundred years before it is one before zero. */
const WRAP_SECONDS = 18_446_744_073
const WRAP_FRACTION = 709_551_616
const WRAPPED_SECONDS = WRAP_SECONDS - 3_155_760_000

const LACKS_FLAGS = 1
const LACKS_CPU = 2
const LACKS_NAME = 4

/** What forms of a line do not show, by the bits of {@link FtraceLine.lacks}. */
export const LACKING = ['flags', 'cpu', 'whole task names'] as const

/**
 * The part of an event's line that is the same for all events:
 *
 *     `          insmod-272     [000] d..1.    16.417416: set_memory_ro: (…) …`    ftrace, trace-cmd report
 *     `          insmod   272 [000]    16.417416: kperm:set_memory_ro: (…) …`      perf script
 *
 * with or without the flags column and the tgid. Task names may hold anything, so that the pid and the CPU are what
 * identifies it. {@link read} leaves its results in the fields, and allocates nothing.
 */
export class FtraceLine {
  taskStart = 0
  taskEnd = 0
  taskHash = 0
  /** Who that is, where it is known: the same as in the line before. */
  task: Task | null = null
  cpu = 0
  /** One of task-stack's contexts; NOT_SHOWN without a flags column. */
  context = TASK
  /** {@link LACKING}: bit i for what the form of the line does not show. */
  lacks = 0
  /** Seconds, or ticks where `fraction` is -1. */
  seconds = 0
  /** ns after `seconds`; -1: the clock counts ticks, not time. */
  fraction = 0
  nameStart = 0
  nameEnd = 0
  nameHash = 0
  /** First byte after the name and its spaces. */
  rest = 0
  afterTime = 0
  /** What stands behind the time, where it was expected: the name is its probe's then, and was not looked for. */
  opening: Opening | null = null
  readonly #openings = new Openings()
  /** What the last line begins with, up to the `[` of the CPU; null: its columns were not in their usual places. */
  #head: Literal | null = null
  /** The same of each task, and where it is in this line; 0: nowhere. */
  readonly #heads = new Map<Task, Literal>()
  #start = 0
  #headEnd = 0
  #bytes: Uint8Array = new Uint8Array()
  /** The bytes that the line is in, for who reads several at once. */
  view: DataView = new DataView(this.#bytes.buffer)

  /** Throws InputError, without a place, for what is not an event's line. */
  read(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    let p = this.#task(bytes, start, end)
    p = p < 0 ? this.#odd(bytes, start, end) : this.#columns(bytes, p, end)
    p = this.#time(bytes, p, end)
    this.afterTime = p
    this.opening = this.#openings.at(this.view, p, end, this.cpu)
    if (this.opening === null) this.#name(bytes, p, end)
    else this.rest = p + this.opening.rest
  }

  /** The CPU and the flags; where the time begins. */
  #columns(bytes: Uint8Array, at: number, end: number): number {
    let p = this.#cpu(bytes, at, end)
    while (bytes[p] === SPACE && p < end) p++
    this.lacks = 0
    if (!isDigit(bytes[p])) return this.#flags(bytes, p, end)
    this.context = NOT_SHOWN
    this.lacks = LACKS_FLAGS
    return p
  }

  /** Expects the opening of this line, an event of this probe, where it comes from now on; null: it has none. */
  learn(probe: MetProbe, bytes: Uint8Array, end: number): Opening | null {
    return this.#openings.learn(probe, this.cpu, bytes, this.afterTime, this.rest, end)
  }

  /** Leaves the task in taskStart..taskEnd, or knows that it is the same, and returns where `[cpu]` begins, or -1. */
  #task(bytes: Uint8Array, start: number, end: number): number {
    const head = this.#head
    if (this.task !== null && head?.isAt(this.view, start, end) === true)
      return start + head.length - 1
    this.task = null
    this.#start = start
    this.#headEnd = 0
    const dash = start + DASH_COLUMN
    const cpu = bytes[dash] === DASH && dash < end ? this.#afterPid(bytes, dash + 1, end) : -1
    if (cpu < 0) return this.#findTask(bytes, start, end)
    this.#setTask(bytes, start, this.taskEnd)
    this.#headEnd = cpu + 1
    return cpu
  }

  /** Whose line this is: so is the next one, if it begins alike. */
  found(task: Task): void {
    this.task = task
    this.#head = this.#headEnd === 0 ? null : this.#headOf(task)
  }

  #headOf(task: Task): Literal {
    const [start, end] = [this.#start, this.#headEnd]
    const known = this.#heads.get(task)
    if (known?.length === end - start && known.isAt(this.view, start, end)) return known
    if (this.#heads.size === MOST_HEADS) this.#heads.clear()
    const head = new Literal(this.#bytes.subarray(start, end))
    this.#heads.set(task, head)
    return head
  }

  /** Skips a pid and a tgid; the position of `[`, or -1. */
  #afterPid(bytes: Uint8Array, at: number, end: number): number {
    let p = at
    while (p < end && isDigit(bytes[p])) p++
    if (p === at || p >= end || bytes[p] !== SPACE) return -1
    this.taskEnd = p
    while (p < end && bytes[p] === SPACE) p++
    if (bytes[p] === PAREN) {
      while (p < end && bytes[p] !== PAREN_END) p++
      p++
      while (p < end && bytes[p] === SPACE) p++
    }
    return p < end && bytes[p] === OPEN ? p : -1
  }

  /** Names of unusual width: looks for the first `pid [cpu] `. */
  #findTask(bytes: Uint8Array, start: number, end: number): number {
    for (let p = start + 1; p < end; p++) {
      const separated = bytes[p - 1] === DASH || bytes[p - 1] === SPACE
      if (!separated || !isDigit(bytes[p])) continue
      let tid = p
      while (tid < end && isDigit(bytes[tid])) tid++
      // perf prints pid/tid where it was asked to.
      if (bytes[tid] === 0x2f) p = tid + 1
      const cpu = this.#afterPid(bytes, p, end)
      if (cpu < 0 || !isCpu(bytes, cpu, end)) continue
      this.#setTask(bytes, start, this.taskEnd)
      return cpu
    }
    return -1
  }

  /** Columns in unusual places; where the time begins. */
  #odd(bytes: Uint8Array, start: number, end: number): number {
    const columns = oddColumns(bytes, start, end)
    if (!columns)
      throw new InputError(`expected task-pid [cpu] …, found ${excerpt(bytes, start, end)}`)
    this.#setTask(bytes, columns.taskStart, columns.taskEnd)
    // perf prints no CPU where it was not asked to; events of a task are in order all the same.
    this.cpu = columns.cpu ?? 0
    this.context = contextIn(columns.flags)
    this.lacks =
      (columns.flags === '' ? LACKS_FLAGS : 0) |
      (columns.cpu === null ? LACKS_CPU : 0) |
      (columns.isCut ? LACKS_NAME : 0)
    return columns.time
  }

  #setTask(bytes: Uint8Array, start: number, end: number): void {
    let p = start
    while (p < end && bytes[p] === SPACE) p++
    this.taskStart = p
    this.taskEnd = end
    let hash = 0
    for (; p < end; p++) hash = hashByte(hash, bytes[p]!)
    this.taskHash = hash
  }

  #cpu(bytes: Uint8Array, at: number, end: number): number {
    let cpu = 0
    let p = at + 1
    for (; p < end && isDigit(bytes[p]); p++) {
      cpu = cpu * 10 + bytes[p]! - 0x30
      if (cpu > MAX_CPU) break
    }
    if (p === at + 1 || bytes[p] !== CLOSE || p >= end)
      throw new InputError(`expected [cpu], found ${excerpt(bytes, at, end)}`)
    this.cpu = cpu
    return p + 1
  }

  /** Irqs off, need-resched, hardirq/softirq, preempt-depth, migrate-disable: the third letter is the context. */
  #flags(bytes: Uint8Array, at: number, end: number): number {
    let p = at
    while (p < end && bytes[p] !== SPACE) p++
    if (p - at < 4 || p - at > 8)
      throw new InputError(
        `expected flags such as d..1. or a time, found ${excerpt(bytes, at, end)}`,
      )
    this.context = contextOf(bytes, at)
    while (p < end && bytes[p] === SPACE) p++
    return p
  }

  #time(bytes: Uint8Array, at: number, end: number): number {
    let p = at
    let seconds = 0
    for (; p < end && isDigit(bytes[p]); p++) seconds = seconds * 10 + bytes[p]! - 0x30
    let digits = -1
    let fraction = 0
    if (bytes[p] === DOT && p < end) {
      const from = ++p
      for (; p < end && isDigit(bytes[p]); p++) fraction = fraction * 10 + bytes[p]! - 0x30
      digits = p - from
    }
    if (p === at || digits === 0 || digits > 9 || p >= end || bytes[p] !== COLON || p - at > 24)
      throw new InputError(`expected a time such as 16.417416:, found ${excerpt(bytes, at, end)}`)
    this.seconds = seconds
    this.fraction = digits < 0 ? -1 : fraction * POWERS[9 - digits]!
    if (digits >= 0 && seconds >= WRAPPED_SECONDS) this.#unwrap()
    return p + 1
  }

  /** A clock that ran before its zero: 2^64 ns less. */
  #unwrap(): void {
    this.seconds -= WRAP_SECONDS
    this.fraction -= WRAP_FRACTION
    if (this.fraction >= 0) return
    this.seconds--
    this.fraction += 1e9
  }

  /** `name: ` or perf's `group:name: `. */
  #name(bytes: Uint8Array, at: number, end: number): void {
    let p = afterSpaces(bytes, at, end)
    p = this.#afterCounts(bytes, p, end)
    if (bytes[p] === LESS && this.#stackTrace(bytes, p, end)) return
    let start = p
    let hash = 0
    for (; p < end && bytes[p] !== SPACE; p++) {
      const byte = bytes[p]!
      if (byte !== COLON) hash = hashByte(hash, byte)
      else if (p + 1 < end && bytes[p + 1] !== SPACE) {
        start = p + 1
        hash = 0
      } else {
        break
      }
    }
    // What a module prints: `func [module]: text`.
    if (bytes[p] === SPACE && bytes[p + 1] === OPEN && p > start) {
      for (; p < end && bytes[p] !== COLON; p++) hash = hashByte(hash, bytes[p]!)
    }
    if (p >= end || bytes[p] !== COLON || p === start || p - start > MAX_NAME)
      throw new InputError(`expected an event's name and a colon, found ${excerpt(bytes, at, end)}`)
    this.nameStart = start
    this.nameEnd = p
    this.nameHash = hash
    p++
    while (p < end && bytes[p] === SPACE) p++
    this.rest = p
  }

  /** Past what may stand before a name: perf's period, trace-cmd's difference to the event before. */
  #afterCounts(bytes: Uint8Array, at: number, end: number): number {
    let p = at
    if (bytes[p] === PAREN && bytes[p + 1] === PLUS) {
      while (p < end && bytes[p] !== PAREN_END) p++
      return afterSpaces(bytes, p + 1, end)
    }
    while (p < end && isDigit(bytes[p])) p++
    return p > at && p < end && bytes[p] === SPACE ? afterSpaces(bytes, p, end) : at
  }

  #stackTrace(bytes: Uint8Array, at: number, end: number): boolean {
    const stack = STACKS.find(
      ({ name }) => end - at === name.length && name.every((byte, i) => byte === bytes[at + i]),
    )
    if (!stack) return false
    this.nameStart = at
    this.nameEnd = this.rest = end
    this.nameHash = stack.hash
    return true
  }
}

/** The events that ftrace prints without a colon; their stacks are on the lines after them. */
const STACKS = ['<stack trace>', '<user stack trace>'].map((text) => {
  const name = encodeUtf8(text)
  return { name, hash: hashBytes(name, 0, name.length) }
})

function afterSpaces(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && bytes[p] === SPACE) p++
  return p
}

const POWERS = [1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const

/** By the third letter of the flags: hard irqs and NMIs (with or without a softirq below), softirqs. */
const CONTEXTS = new Int8Array(256).fill(-1)
for (const letter of 'hHzZ') CONTEXTS[letter.charCodeAt(0)] = IRQ
CONTEXTS['s'.charCodeAt(0)] = SOFTIRQ

function contextIn(flags: string): number {
  if (flags === '') return NOT_SHOWN
  return flags.startsWith('0x') ? contextOfBits(Number(flags)) : contextOf(encodeUtf8(flags), 0)
}

/** Of a flags column that begins at `at`. */
function contextOf(bytes: Uint8Array, at: number): number {
  const context = CONTEXTS[bytes[at + 2]!]!
  if (context >= 0) return context
  const off = bytes[at]
  return off === 0x62 || off === 0x44 ? BH_OFF : TASK
}

/** `[000] ` at this place. */
function isCpu(bytes: Uint8Array, at: number, end: number): boolean {
  let p = at + 1
  while (p < end && isDigit(bytes[p])) p++
  return p > at + 1 && p + 1 < end && bytes[p] === CLOSE && bytes[p + 1] === SPACE
}
