import { KINDS, openRuns, type RunWriter } from '@pagetrail/recorder'

/** Areas of 4K pages, each mapped twice: in vmalloc and, as its linear alias, in the linear map. */
const AREAS = 16
const AREA_PAGES = 2048
const VMALLOC = 0xffff_8000_8000_0000n
/** The pages of the run that are in vmalloc. */
export const FIRST_PAGE = VMALLOC
export const PAGES = AREAS * AREA_PAGES
const LINEAR = 0xffff_0001_0000_0000n
const PHYS = 0x1_0000_0000n
const RW = 0x68_0000_0000_0703n
const PTE = 4
/** Bits that the calls turn: RDONLY and DBM, PXN, VALID. */
const TURNS = [
  { fn: 'set_memory_ro', set: 0x80n, clear: 1n << 51n },
  { fn: 'set_memory_rw', set: 1n << 51n, clear: 0x80n },
  { fn: 'set_memory_x', set: 0n, clear: 1n << 53n },
  { fn: 'set_memory_nx', set: 1n << 53n, clear: 0n },
  { fn: 'set_direct_map_invalid_noflush', set: 0x800n, clear: 1n },
  { fn: 'set_direct_map_default_noflush', set: 1n, clear: 0x800n },
] as const

/** A small generator of numbers in [0, 1) that gives the same run every time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The page tables of the run as it is made, and the events of each change. */
class Machine {
  readonly #writer: RunWriter
  readonly #descs = new Map<bigint, bigint>()
  #op = -1

  constructor(writer: RunWriter) {
    this.#writer = writer
    for (const base of [VMALLOC, LINEAR]) {
      for (let page = 0; page < AREAS * AREA_PAGES; page++) {
        this.#descs.set(base + BigInt(page) * 0x1000n, RW | (PHYS + BigInt(page) * 0x1000n))
      }
      const init = this.#row('init', 0)
      const { batch } = writer
      batch.setLevel(init, PTE)
      batch.setLong(init, 0, base)
      batch.setLong(init, 3, RW | PHYS)
      batch.setSmall(init, 1, AREAS * AREA_PAGES)
      batch.setSmall(init, 4, 0x1000)
    }
  }

  call(turn: (typeof TURNS)[number], first: number, pages: number): void {
    const { batch } = this.#writer
    this.#op++
    const va = VMALLOC + BigInt(first) * 0x1000n
    const begin = this.#row('op_begin', 0)
    batch.fn[begin] = this.#writer.intern(turn.fn)
    batch.setLong(begin, 0, va)
    batch.setLong(begin, 1, BigInt(pages) * 0x1000n)
    this.#range(LINEAR + BigInt(first) * 0x1000n, pages, turn)
    this.#range(va, pages, turn)
    const end = this.#row('op_end', 0)
    batch.fn[end] = this.#writer.intern(turn.fn)
    batch.setRet(end, 0)
  }

  #range(va: bigint, pages: number, { set, clear }: (typeof TURNS)[number]): void {
    const { batch } = this.#writer
    const fn = this.#writer.intern('pageattr_pte_entry')
    this.#row('lazy_mmu_enter', 1)
    for (let i = 0; i < pages; i++) {
      const at = va + BigInt(i) * 0x1000n
      const old = this.#descs.get(at) ?? 0n
      const now = (old & ~clear) | set
      this.#descs.set(at, now)
      for (const kind of ['cb_enter', 'desc_write', 'barrier_queue', 'cb_exit'] as const) {
        const row = this.#row(kind, 2)
        if (kind === 'barrier_queue') continue
        batch.setLevel(row, PTE)
        batch.setLong(row, 0, at)
        if (kind === 'desc_write') {
          batch.setLong(row, 2, old)
          batch.setLong(row, 3, now)
        } else {
          batch.fn[row] = fn
        }
      }
    }
    this.#row('barrier', 1)
    this.#row('lazy_mmu_leave', 1)
    const flush = this.#row('tlb_flush', 1)
    batch.fn[flush] = this.#writer.intern('flush_tlb_kernel_range')
    batch.setLong(flush, 0, va)
    batch.setLong(flush, 1, BigInt(pages) * 0x1000n)
    const tlbi = this.#row('tlbi', 1)
    batch.fn[tlbi] = this.#writer.intern('vaale1is')
    batch.setLong(tlbi, 0, va)
    batch.setSmall(tlbi, 1, pages)
  }

  #row(kind: keyof typeof KINDS, nest: number): number {
    const row = this.#writer.row(KINDS[kind].id, 0)
    const { batch } = this.#writer
    batch.nest[row] = nest
    if (this.#op >= 0) batch.op[row] = this.#op
    return row
  }
}

/** Records a run of at least that many events: random calls on random ranges of 64 Ki mapped pages. */
export async function recordRandomRun(path: string, events: number): Promise<void> {
  const runFile = await openRuns(path, { mode: 'write' })
  const writer = runFile.startRun({
    label: 'random calls',
    source: 'engine',
    created: 0,
    flavour: '6.18',
    geometry: { pageShift: 12, vaBits: 48, levels: 4 },
  })
  const machine = new Machine(writer)
  const random = numbers(1)
  while (writer.committed < events) {
    const pages = Math.ceil(2 ** (random() * 9))
    const first = Math.floor(random() * (AREAS * AREA_PAGES - pages))
    machine.call(TURNS[Math.floor(random() * TURNS.length)]!, first, pages)
  }
  writer.finish('complete')
  runFile.close()
}
