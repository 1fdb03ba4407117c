/**
 * Lost updates as a litmus test: not a question of translations but of one value, which CPUs load, change and store.
 * Bit 0 stands for read-only, bit 1 for contiguous.
 */
import { InputError, isCont } from '@pagetrail/engine'
import { isJsonObject } from '../event/codec.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { highWord, lowWord, take } from '../event/words.ts'
import { type Litmus, refused, threadTable } from './litmus.ts'
import { heldBefore, type Window } from './window.ts'

const READ_ONLY = 1
const CONTIGUOUS = 2

/** One change of the value: bits set or cleared, by load and store or by an atomic operation. */
interface Change {
  readonly sets: number
  readonly clears: number
  readonly isAtomic: boolean
}

function bitsOf(value: bigint): number {
  take(value)
  return ((lowWord() & 0x80) === 0 ? 0 : READ_ONLY) | (isCont(highWord()) ? CONTIGUOUS : 0)
}

/** Whether the window is about one value: no accesses, entries loaded and stored. */
export const isAboutValue = ({ events }: Window): boolean =>
  events.some(({ kind }) => kind === 'desc_read') && !events.some(({ kind }) => kind === 'access')

/** @throws InputError for a window that has not two CPUs changing one entry */
export function valueLitmusOf(window: Window, va: bigint): Litmus {
  if (window.events.some(({ kind }) => kind === 'lock'))
    throw refused('it takes a lock; locks are not instructions')
  const held = heldBefore(window, 'pte', va)
  if (held === null) throw refused('the run does not say what the entry held before the window')
  const threads = changesOf(window, va)
  if (threads.length < 2) throw refused('fewer than two CPUs change the entry')
  const start = bitsOf(held)
  const isPossible = endsOf(start, threads).some((end) => (end & READ_ONLY) === 0)
  const verdict = isPossible ? 'Sometimes' : 'Never'
  const lost = [0, CONTIGUOUS].map((value) => `pte=${value}`).join(' \\/ ')
  const lines = [
    `AArch64 ${window.name}`,
    `"${window.name}: herd7 ${window.name}.litmus; expected: ${verdict}, by trying all orders"`,
    '{',
    ` [pte]=${start};`,
    ...threads.map((_, cpu) => ` ${cpu}:X1=pte;`),
    '}',
    ...threadTable(threads.map((changes) => changes.flatMap(instructionsOf))),
    `exists (${lost})`,
  ]
  return { name: window.name, variant: '', text: `${lines.join('\n')}\n` }
}

function instructionsOf({ sets, clears, isAtomic }: Change): string[] {
  if (isAtomic) {
    return sets === 0
      ? [`MOV W3,#${clears}`, 'STCLR W3,[X1]']
      : [`MOV W3,#${sets}`, 'STSET W3,[X1]']
  }
  const keeps = (READ_ONLY | CONTIGUOUS) & ~clears
  const change = sets === 0 ? `AND W2,W0,#${keeps}` : `ORR W2,W0,#${sets}`
  return ['LDR W0,[X1]', change, 'STR W2,[X1]']
}

/** By CPU: the changes of the entry. Whether they are atomic only the arguments of the call say. */
function changesOf({ events }: Window, va: bigint): Change[][] {
  const byCpu = new Map<number, Change[]>()
  const atomics = new Map<number, Atomics>()
  for (const e of events) {
    if (e.kind === 'op_begin') atomics.set(e.cpu, atomicsOf(e))
    if (e.kind !== 'desc_write' || e.va !== va || e.old === null || e.new === null) continue
    const read = lastRead(events, e)
    const sets = bitsOf(e.new) & ~bitsOf(read)
    const clears = bitsOf(read) & ~bitsOf(e.new)
    if ((sets | clears) === 0) continue
    const { split = false, change = false } = atomics.get(e.cpu) ?? {}
    const changes = byCpu.get(e.cpu) ?? []
    byCpu.set(e.cpu, [...changes, { sets, clears, isAtomic: sets === 0 ? split : change }])
  }
  return [...byCpu].toSorted(([a], [b]) => a - b).map(([, changes]) => changes)
}

interface Atomics {
  readonly split: boolean
  readonly change: boolean
}

function atomicsOf({ args }: Extract<TraceEvent, { kind: 'op_begin' }>): Atomics {
  if (!isJsonObject(args)) return { split: false, change: false }
  return { split: String(args['split']).endsWith('atomic'), change: args['change'] === 'atomic' }
}

function lastRead(
  events: readonly TraceEvent[],
  store: Extract<TraceEvent, { kind: 'desc_write' }>,
): bigint {
  const read = events.findLast(
    (e) => e.kind === 'desc_read' && e.cpu === store.cpu && e.va === store.va && e.seq < store.seq,
  )
  if (read?.kind === 'desc_read' && read.val !== null) return read.val
  if (store.old === null) throw new InputError('a store whose old value the run does not show')
  return store.old
}

/** Every value that the changes can end with: a plain one is a load and a store. */
function endsOf(start: number, threads: readonly (readonly Change[])[]): number[] {
  const steps = threads.map((changes) =>
    changes.flatMap((change) =>
      change.isAtomic
        ? [{ change, part: 'all' }]
        : [
            { change, part: 'load' },
            { change, part: 'store' },
          ],
    ),
  )
  const apply = (value: number, { sets, clears }: Change): number => (value & ~clears) | sets
  const ends = new Set<number>()
  const go = (value: number, at: readonly number[], loaded: readonly number[]): void => {
    let isEnd = true
    for (const [cpu, own] of steps.entries()) {
      const step = own[at[cpu] ?? 0]
      if (step === undefined) continue
      isEnd = false
      const next = at.map((n, i) => (i === cpu ? n + 1 : n))
      if (step.part === 'load')
        go(
          value,
          next,
          loaded.map((n, i) => (i === cpu ? value : n)),
        )
      else go(apply(step.part === 'all' ? value : (loaded[cpu] ?? 0), step.change), next, loaded)
    }
    if (isEnd) ends.add(value)
  }
  const zeros = threads.map(() => 0)
  go(start, zeros, zeros)
  return [...ends]
}
