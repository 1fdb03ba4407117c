import { InputError } from './errors.ts'
import { PageState } from './page-state.ts'

/** `PTS1`, then page shift, completeness and counts; all little-endian words. */
const MAGIC = 0x31535450
const HEADER_WORDS = 5
/** level, address lo hi, descriptor lo hi, count, and whether the output address goes on by the entry's size. */
const RUN_WORDS = 7

/** The state as bytes for a snapshot: entries that follow each other are one run, tables and empty ones included. */
export function saveState(state: PageState): Uint8Array<ArrayBuffer> {
  const words: number[] = [MAGIC, state.pageShift, state.complete ? 1 : 0, state.unplaced, 0]
  let runs = 0
  // Runs are found per level: in the order of addresses, entries of several levels alternate.
  const open = new Map<number, Run>()
  const close = (run: Run): void => {
    const { level, address, lo, hi, count, steps } = run
    words.push(
      level,
      address >>> 0,
      Math.floor(address / 2 ** 32) >>> 0,
      lo,
      hi,
      count,
      steps ? 1 : 0,
    )
    runs++
  }
  state.eachEntry((level, address, lo, hi) => {
    const run = open.get(level)
    if (run && extend(run, address, lo, hi, state.entrySize(level))) return
    if (run) close(run)
    open.set(level, { level, address, lo, hi, count: 1, steps: false })
  })
  for (const run of open.values()) close(run)
  words[4] = runs
  return new Uint8Array(Uint32Array.from(words).buffer)
}

interface Run {
  readonly level: number
  readonly address: number
  readonly lo: number
  readonly hi: number
  count: number
  steps: boolean
}

function extend(run: Run, address: number, lo: number, hi: number, size: number): boolean {
  if (address !== run.address + run.count * size) return false
  const same = lo === run.lo && hi === run.hi
  const advanced = nthEntry(run, run.count, size)
  const next = lo === advanced.lo && hi === advanced.hi
  if (run.count === 1) {
    if (!same && !next) return false
    run.steps = next && !same
  } else if (run.steps ? !next : !same) return false
  run.count++
  return true
}

/** The descriptor plus n times the size, as a 64-bit sum. */
function nthEntry(run: Run, n: number, size: number): { lo: number; hi: number } {
  const sum = run.lo + n * size
  return { lo: sum >>> 0, hi: (run.hi + Math.floor(sum / 2 ** 32)) >>> 0 }
}

/** The state that {@link saveState} wrote. Throws InputError if these bytes are no state. */
export function loadState(bytes: Uint8Array): PageState {
  if (bytes.length % 4 !== 0 || bytes.length < HEADER_WORDS * 4) throw damaged()
  const words = new Uint32Array(bytes.slice().buffer)
  const [magic, pageShift, complete, unplaced, runs] = words
  if (magic !== MAGIC || words.length !== HEADER_WORDS + runs! * RUN_WORDS) throw damaged()
  const state = new PageState({ pageShift, complete: complete === 1 })
  state.unplaced = unplaced!
  for (let at = HEADER_WORDS; at < words.length; at += RUN_WORDS) {
    const level = words[at]!
    const size = state.entrySize(level)
    const address = (words[at + 2]! | 0) * 2 ** 32 + words[at + 1]!
    const step = words[at + 6] === 1 ? size : 0
    const run = { level, address, lo: words[at + 3]!, hi: words[at + 4]!, count: 0, steps: false }
    for (let i = 0; i < words[at + 5]!; i++) {
      const { lo, hi } = nthEntry(run, i, step)
      state.setEntry(level, address + i * size, lo, hi)
    }
  }
  return state
}

const damaged = (): InputError =>
  new InputError('a snapshot of the page tables is damaged; rebuild it from the events')
