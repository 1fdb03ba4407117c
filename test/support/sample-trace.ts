import {
  eventFromJson,
  type JsonObject,
  openRuns,
  type Run,
  type RunMeta,
  type TraceEvent,
} from '@pagetrail/recorder'

const PAGE = 0x1000n
const BASE = 0xffff800080000000n
const RW = 0x0068000040000703n
const RO = 0x0060000040000783n
const PAGES = 3

/** Events of one sample call. */
export const CALL_EVENTS = 8 + PAGES * 4

/**
 * `count` calls of set_memory_ro and set_memory_rw in turn on three pages each, as the engine would record them:
 * call, lazy section, walk, callbacks, stores, barrier, flush. `eager`: a barrier after each store, as before lazy MMU.
 */
export function* sampleEvents(count: number, eager = false): Generator<TraceEvent> {
  let seq = 0
  for (let op = 0; op < count; op++) {
    for (const draft of callEvents(op, eager)) {
      yield eventFromJson({
        seq,
        cpu: op % 2,
        op,
        ts: seq * 250,
        task: `insmod-${400 + (op % 2)}`,
        ...draft,
      })
      seq++
    }
  }
}

const x = (v: bigint): string => `0x${v.toString(16)}`

function* callEvents(op: number, eager: boolean): Generator<JsonObject> {
  const ro = op % 2 === 0
  const va = BASE + BigInt((op >> 1) % 512) * BigInt(PAGES) * PAGE
  const range = { va: x(va), end: x(va + BigInt(PAGES) * PAGE) }
  const fn = ro ? 'set_memory_ro' : 'set_memory_rw'
  const walk = 'walk_kernel_page_table_range_lockless'
  yield {
    kind: 'op_begin',
    nest: 0,
    fn,
    ...range,
    args: { addr: x(va), numpages: PAGES },
  }
  yield { kind: 'lazy_mmu_enter', nest: 1, depth: 1 }
  yield { kind: 'walk_begin', nest: 1, fn: walk, ...range }
  for (let i = 0n; i < PAGES; i++) {
    const at = va + i * PAGE
    const pa = at & 0xfffffffn & ~0xfffn
    const [old, now] = ro ? [RW + pa, RO + pa] : [RO + pa, RW + pa]
    const callback = { level: 'pte', fn: 'pageattr_pte_entry', va: x(at) }
    yield { kind: 'cb_enter', nest: 2, ...callback, end: x(at + PAGE) }
    yield { kind: 'desc_write', nest: 3, level: 'pte', va: x(at), old: x(old), new: x(now) }
    yield eager
      ? { kind: 'barrier', nest: 3, fn: 'set_pte' }
      : { kind: 'barrier_queue', nest: 3, fn: 'set_pte' }
    yield { kind: 'cb_exit', nest: 2, ...callback, ret: 0, action: null }
  }
  yield { kind: 'walk_end', nest: 1, fn: walk, ret: 0 }
  yield { kind: 'barrier', nest: 1, fn: 'arch_leave_lazy_mmu_mode' }
  yield { kind: 'lazy_mmu_leave', nest: 1, depth: 0 }
  yield {
    kind: 'tlb_flush',
    nest: 1,
    fn: 'flush_tlb_kernel_range',
    ...range,
    by: '__change_memory_common',
  }
  yield { kind: 'op_end', nest: 0, fn, ret: 0 }
}

export const SAMPLE: RunMeta = {
  label: 'sample',
  source: 'engine',
  created: 1_790_000_000_000,
  flavour: '6.18',
  scenario: 'sample',
  geometry: { pageShift: 12, vaBits: 48, levels: 4 },
  facts: { features: 'rodata_full' },
  t0: 0n,
}

/** Writes a sample run and returns it. */
export async function writeSample(
  path: string,
  calls: number,
  meta: Partial<RunMeta> = {},
  eager = false,
): Promise<Run> {
  const runFile = await openRuns(path, { mode: 'write' })
  try {
    const writer = runFile.startRun({ ...SAMPLE, ...meta })
    for (const event of sampleEvents(calls, eager)) writer.append(event)
    writer.finish('complete')
    return runFile.find(writer.id)
  } finally {
    runFile.close()
  }
}
