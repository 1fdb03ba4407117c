import {
  openRuns,
  type Run,
  SNAPSHOT_EVENTS,
  type RunFile,
  type TraceEvent,
  whyDescriptor,
  whyLines,
} from '@pagetrail/recorder'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'

import { historyAt } from '../../../packages/recorder/src/tables/state-at.ts'
import {
  AREA,
  eventsOf,
  hex,
  initOf,
  KERNEL_RW,
  PAGE,
  setMemoryRo,
} from '../../support/sample-run.ts'
import { database, sampleEvents } from '../../support/stored.ts'

// Runs of several snapshots are recorded, which other tests may slow down.
vi.setConfig({ testTimeout: 30_000 })

async function recorded(events: readonly TraceEvent[]): Promise<[RunFile, Run]> {
  const runFile = await openRuns(await database([{ events }]), { mode: 'read' })
  onTestFinished(() => runFile.close())
  return [runFile, runFile.find(-1)]
}

test('a page made read-only: start state, store, and what was around it', async () => {
  const [runFile, run] = await recorded(sampleEvents())
  const { steps, levels, lookup, earlier } = whyDescriptor(runFile, run, AREA + PAGE + 0x123n)
  expect(levels).toEqual([{ level: 'pte', va: AREA + PAGE, desc: 0x60_0005_0004_1783n }])
  expect(lookup).toMatchObject({ found: 'entry', level: 'pte' })
  expect(earlier).toBe(0)
  expect(steps.map(({ event, old, now }) => [event.kind, event.seq, old, now])).toEqual([
    ['init', 0, null, 0x68_0005_0004_1703n],
    ['desc_write', 9, 0x68_0005_0004_1703n, 0x60_0005_0004_1783n],
  ])
  const { context } = steps[1]!
  expect(context!.around.map(({ kind, seq }) => [kind, seq])).toEqual([
    ['op_begin', 1],
    ['walk_begin', 3],
    ['cb_enter', 8],
  ])
  expect(context).toMatchObject({ lazy: { from: 2, to: 18 }, barrier: 17, flush: { seq: 19 } })
})

test('where no task is known, and some name of the file is empty, what is around is still found', async () => {
  const events = sampleEvents()
  const flush = events.findIndex(({ kind }) => kind === 'tlb_flush')
  events[flush] = Object.assign({}, events[flush], { by: '' })
  expect(events.every(({ task }) => task === null)).toBe(true)
  const [runFile, run] = await recorded(events)
  const { steps } = whyDescriptor(runFile, run, AREA + PAGE)
  expect(steps[1]?.context?.around.map(({ seq }) => seq)).toEqual([1, 3, 8])
  expect(steps[1]?.context).toMatchObject({ lazy: { from: 2, to: 18 }, barrier: 17 })
})

test('at an event before the flush there is none yet', async () => {
  const [runFile, run] = await recorded(sampleEvents())
  const { steps, at } = whyDescriptor(runFile, run, AREA, 10)
  expect(at).toBe(10)
  expect(steps.at(-1)!.context).toMatchObject({
    lazy: { from: 2, to: null },
    barrier: null,
    flush: null,
  })
  expect(whyDescriptor(runFile, run, AREA, 4).steps).toHaveLength(1)
})

/** A 2 MB block that is split, its entries first and the table then, as 6.18 does it. */
function splitRun(): TraceEvent[] {
  const block = { level: 'pmd', va: hex(AREA) }
  const table = { level: 'pte', va: hex(AREA), pa: '0x1406000000' }
  return eventsOf([
    { kind: 'init', ...block, new: '0x68000500000705', count: 1, pa_step: '0x0' },
    { kind: 'op_begin', fn: 'set_memory_ro', va: hex(AREA), end: hex(AREA + PAGE), args: {} },
    { kind: 'split', ...block },
    { kind: 'table_alloc', ...table },
    { kind: 'desc_write', level: 'pte', va: hex(AREA), old: '0x0', new: '0x68000500000707' },
    { kind: 'desc_write', level: 'pte', va: hex(AREA + PAGE), old: '0x0', new: '0x68000500001707' },
    { kind: 'dsb', scope: 'ishst' },
    { kind: 'desc_write', ...block, old: '0x68000500000705', new: '0x1800001406000403' },
    { kind: 'barrier' },
    {
      kind: 'desc_write',
      level: 'pte',
      va: hex(AREA),
      old: '0x68000500000707',
      new: '0x60000500000787',
    },
    { kind: 'barrier' },
    { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(AREA), end: hex(AREA + PAGE) },
    { kind: 'tlbi', insn: 'vaale1is', va: hex(AREA), pages: 1, scale: null, num: null },
    { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
  ])
}

test('a split shows on every level: block, table, entry', async () => {
  const [runFile, run] = await recorded(splitRun())
  const { steps, levels } = whyDescriptor(runFile, run, AREA)
  expect(levels.map(({ level }) => level)).toEqual(['pmd', 'pte'])
  expect(steps.map(({ event, level, split }) => [event.seq, event.kind, level, split])).toEqual([
    [0, 'init', 'pmd', null],
    [3, 'table_alloc', 'pte', null],
    [4, 'desc_write', 'pte', null],
    [7, 'desc_write', 'pmd', 2],
    [9, 'desc_write', 'pte', null],
  ])
  const beside = whyDescriptor(runFile, run, AREA + PAGE).steps
  expect(beside.map(({ event }) => event.seq)).toEqual([0, 3, 5, 7])
  // Of a block, a TLBI of any of its addresses removes all.
  expect(beside.at(-1)!.context!.flush?.seq).toBe(11)
})

test('the same in words', async () => {
  const [runFile, run] = await recorded(splitRun())
  const lines = [...whyLines(whyDescriptor(runFile, run, AREA))]
  expect(lines.slice(0, 3)).toEqual([
    '0xffff8000c0000000 after event 13 of run 1 sample',
    '  pmd  0xffff8000c0000000  0x1800001406000403  table 0x1406000000 AF PXNTable UXNTable',
    '  pte  0xffff8000c0000000  0x60000500000787  page 0x500000000 r-- tagged ISH RDONLY AF PXN UXN',
  ])
  const last = lines.slice(lines.indexOf('  #9  pte 0x68000500000707 → 0x60000500000787'))
  expect(last.slice(1)).toEqual([
    '      +RDONLY -DBM',
    '      in set_memory_ro 0xffff8000c0000000 +1p #1',
    '      barrier #10',
    '      flushed by flush_tlb_kernel_range of 0xffff8000c0000000 +1p #11',
  ])
  expect(lines.join('\n')).toContain('part of the split #2')
})

test('of a real kernel: what callbacks and splits were seen to hold, where it is news', async () => {
  const block = { level: 'pmd', va: hex(AREA) }
  const callback = { kind: 'cb_enter', level: 'pmd', fn: 'pageattr_pmd_entry', end: null }
  const events = eventsOf([
    { ...callback, va: hex(AREA + 5n * PAGE), val: '0x68000500000705' },
    { ...callback, va: hex(AREA + 6n * PAGE), val: '0x68000500000705' },
    { ...callback, va: hex(AREA + 0x20_0000n), val: '0x1' },
    { kind: 'split', ...block, val: '0x78000500000705', cur: '0x68000500000705' },
    { kind: 'split_end', ...block, ret: 0, val: '0x1800001406000403' },
    { ...callback, va: hex(AREA), val: '0x1800001406000403' },
    { ...callback, va: hex(AREA), val: '0x1800001407000403' },
  ])
  const [runFile, run] = await recorded(events)
  const { steps } = whyDescriptor(runFile, run, AREA + PAGE)
  expect(steps.map(({ event, old, now }) => [event.seq, old, now])).toEqual([
    [0, null, 0x68_0005_0000_0705n],
    [4, 0x68_0005_0000_0705n, 0x1800_0014_0600_0403n],
    [6, 0x1800_0014_0600_0403n, 0x1800_0014_0700_0403n],
  ])
  expect([...whyLines(whyDescriptor(runFile, run, AREA + PAGE))]).toContain(
    '  #4  pmd 0x68000500000705 → 0x1800001406000403 by a split',
  )
})

test('tasks that interleave have contexts of their own', async () => {
  const mine = setMemoryRo(1)
  const other = setMemoryRo(1, AREA + 16n * PAGE)
  const mixed = mine.flatMap((event, i) => [
    { ...event, cpu: 0, task: 'a-1' },
    { ...other[i]!, cpu: 1, task: 'b-2', op: 1 },
  ])
  // Two tasks, so the depth is that of each alone.
  const alone = eventsOf(mine)
  const events = eventsOf(mixed).map((e, i) => Object.assign({}, e, { nest: alone[i >> 1]!.nest }))
  const [runFile, run] = await recorded(events)
  const { context } = whyDescriptor(runFile, run, AREA).steps[0]!
  expect(context!.around.map(({ task, seq }) => [task, seq])).toEqual([
    ['a-1', 0],
    ['a-1', 4],
    ['a-1', 6],
  ])
  expect(context).toMatchObject({ lazy: { from: 2, to: 18 }, barrier: 16, flush: { seq: 20 } })
})

/** What whyDescriptor is to find, looked for in all events. */
function bySearch(events: readonly TraceEvent[], va: bigint): number[] {
  const block = va & ~0x1f_ffffn
  return events
    .filter((e) => {
      if (e.kind === 'init')
        return e.va !== null && va >= e.va && va < e.va + BigInt(e.count ?? 0) * PAGE
      if (e.kind === 'table_free') return e.va === block
      return e.kind === 'desc_write' && e.va === (e.level === 'pmd' ? block : va)
    })
    .map(({ seq }) => seq)
}

function longRun(): TraceEvent[] {
  const list = [initOf(512)]
  for (let i = 0; i < SNAPSHOT_EVENTS * 5; i++) {
    const page = (Math.floor(i / 3000) * 97 + (i % 50)) % 600
    const va = hex(AREA + BigInt(page) * PAGE)
    const block = hex(AREA + BigInt(i % 2) * 0x20_0000n)
    if (i === SNAPSHOT_EVENTS * 2)
      list.push({ kind: 'table_free', level: 'pte', va: block, pa: null })
    else if (i % 20 !== 0) list.push({ kind: 'barrier' })
    else if (i % 7000 === 0)
      list.push({ kind: 'desc_write', level: 'pmd', va: block, old: '0x0', new: '0x3' })
    else list.push({ kind: 'desc_write', level: 'pte', va, old: '0x0', new: hex(KERNEL_RW) })
  }
  return eventsOf(list, null)
}

test('in a long run every step is found, with notes of the snapshots and without', async () => {
  const events = longRun()
  const [runFile, run] = await recorded(events)
  const found = (page: bigint) => {
    const { steps, earlier } = whyDescriptor(runFile, run, AREA + page * PAGE)
    return { earlier, seqs: steps.map(({ event }) => event.seq) }
  }
  const pages = [0n, 2n, 3n, 10n, 97n, 127n, 582n, 592n]
  const right = pages.map((page) => {
    const all = bySearch(events, AREA + page * PAGE)
    return { earlier: Math.max(0, all.length - 100), seqs: all.slice(-100) }
  })
  expect(right.every(({ seqs }) => seqs.length > 0)).toBe(true)
  const locked = new Sqlite(runFile.path)
  locked.exec('begin immediate')
  expect(pages.map(found)).toEqual(right)
  locked.exec('rollback')
  locked.close()
  const other = await openRuns(runFile.path, { mode: 'write' })
  onTestFinished(() => other.close())
  const again = () =>
    pages.map((page) => {
      const { steps, earlier } = whyDescriptor(other, run, AREA + page * PAGE)
      return { earlier, seqs: steps.map(({ event }) => event.seq) }
    })
  expect(again()).toEqual(right)
  const notes = "select count(*) from snapshot where projection = 'page-touched'"
  expect(other.db.prepare(notes).pluck().get()).toBe(5n)
  for (const damage of ['seq = seq + 1', 'body = zeroblob(8)']) {
    other.db.exec(`update snapshot set ${damage} where projection = 'page-touched' and seq > 20000`)
    expect(again()).toEqual(right)
  }
})

test('only the parts of a run in which the entry was touched are looked at', async () => {
  const list = [initOf(512)]
  for (let i = 1; i < SNAPSHOT_EVENTS * 4; i++) list.push({ kind: 'barrier' })
  const store = { kind: 'desc_write', level: 'pte', va: hex(AREA + PAGE), old: '0x0', new: '0x3' }
  const part = SNAPSHOT_EVENTS / 8
  list[SNAPSHOT_EVENTS + 7] = store
  // In three neighbouring parts: they are looked at together.
  for (const n of [2, 3, 4]) list[SNAPSHOT_EVENTS * 2 + n * part] = store
  // Behind the last snapshot nothing is noted.
  list.push(...Array.from({ length: 10 }, () => ({ kind: 'barrier' })))
  const [runFile, run] = await recorded(eventsOf(list, null))
  const { intervalsTouching } = historyAt(runFile, run)
  const parts = (page: bigint) =>
    intervalsTouching(AREA + page * PAGE).map(({ from, to }) => [from, to])
  const rest = [SNAPSHOT_EVENTS * 4, SNAPSHOT_EVENTS * 4 + 9]
  expect(parts(1n)).toEqual([
    [0, part - 1],
    [SNAPSHOT_EVENTS, SNAPSHOT_EVENTS + part - 1],
    [SNAPSHOT_EVENTS * 2 + 2 * part, SNAPSHOT_EVENTS * 2 + 5 * part - 1],
    rest,
  ])
  expect(parts(2n)).toEqual([[0, part - 1], rest])
  expect(parts(600n)).toEqual([rest])
})

test('an init explains its last entry, and not the address right behind it', async () => {
  const [runFile, run] = await recorded(eventsOf([initOf(3)], null))
  const stepsAt = (page: bigint) => whyDescriptor(runFile, run, AREA + page * PAGE).steps
  expect(stepsAt(2n)).toMatchObject([{ event: { kind: 'init' }, now: KERNEL_RW | 0x5_0004_2000n }])
  expect(stepsAt(3n)).toEqual([])
})

test('an address that no event concerns', async () => {
  const [runFile, run] = await recorded(sampleEvents())
  const why = whyDescriptor(runFile, run, 0xffff_0000_0000_0000n)
  expect(why).toMatchObject({ steps: [], levels: [], lookup: { found: 'empty' } })
  expect([...whyLines(why)]).toContain('  no event of this run set an entry on the way to it')
})

/** What `why` says of the flush of a page made read-only, after these instructions or functions. */
async function flushed(...after: Parameters<typeof eventsOf>[0]): Promise<string | undefined> {
  const page = { va: hex(AREA), level: 'pte' }
  const [runFile, run] = await recorded(
    eventsOf(
      [
        { kind: 'init', ...page, new: hex(KERNEL_RW), count: 1, pa_step: hex(PAGE) },
        { kind: 'desc_write', ...page, old: hex(KERNEL_RW), new: hex(KERNEL_RW | 0x80n) },
        ...after,
      ],
      null,
    ),
  )
  return [...whyLines(whyDescriptor(runFile, run, AREA))].findLast((line) => line.includes('flush'))
}

test('a flush is what removes the entry: instructions alone, and no function without one', async () => {
  const fn = { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(AREA) }
  const end = hex(AREA + PAGE)
  const tlbi = {
    kind: 'tlbi',
    insn: 'vaale1is',
    pages: 4,
    scale: null,
    num: null,
    by: 'set_memory_ro',
  }
  const before = { kind: 'dsb', scope: 'ishst' }
  const after = { kind: 'dsb', scope: 'ish' }
  const barely = hex(AREA - 3n * PAGE)
  const all = (insn: object) => flushed(before, { ...tlbi, ...insn }, after)
  expect(await all({ va: barely })).toContain('flushed by tlbi vaale1is in set_memory_ro #3')
  expect(await all({ va: barely, pages: 3 })).toContain('no flush of it was seen')
  expect(await all({ va: hex(AREA), insn: 'vae1is' })).toContain('#3')
  expect(await all({ va: hex(AREA), insn: 'aside1is' })).toContain('no flush of it')
  expect(await flushed({ ...fn, end })).toContain('no flush of it was seen')
  expect(await flushed({ ...fn, end }, { ...tlbi, va: hex(AREA) })).toContain(
    'flushed by flush_tlb_kernel_range of',
  )
})

test('a TLBI that is too early, only of its CPU, or never completed does not flush', async () => {
  const tlbi = { kind: 'tlbi', insn: 'vaale1is', va: hex(AREA), pages: 1, scale: null, num: null }
  const ishst = { kind: 'dsb', scope: 'ishst' }
  const ish = { kind: 'dsb', scope: 'ish' }
  expect(await flushed(tlbi, ish)).toContain('no flush of it')
  expect(await flushed(ishst, tlbi)).toContain('no flush of it')
  expect(await flushed(ishst, tlbi, ishst)).toContain('no flush of it')
  expect(await flushed(ishst, { ...tlbi, insn: 'vaale1' }, ish)).toContain('no flush of it')
  expect(await flushed({ ...tlbi, cpu: 1 }, { ...ish, cpu: 1 }, ishst)).toContain('no flush of it')
  const other = [
    { ...tlbi, cpu: 1 },
    { ...ish, cpu: 1 },
  ]
  expect(await flushed(ishst, ...other)).toContain('flushed by tlbi vaale1is #3')
})

test('of several TLBIs that one dsb completes, it names the one that covers the page', async () => {
  const tlbi = { kind: 'tlbi', insn: 'vaale1is', pages: 1, scale: null, num: null }
  const here = { ...tlbi, va: hex(AREA) }
  const elsewhere = { ...tlbi, va: hex(AREA - 8n * PAGE) }
  const ishst = { kind: 'dsb', scope: 'ishst' }
  const ish = { kind: 'dsb', scope: 'ish' }
  expect(await flushed(ishst, here, elsewhere, ish)).toContain('flushed by tlbi vaale1is #3')
  expect(await flushed(ishst, elsewhere, here, ish)).toContain('flushed by tlbi vaale1is #4')
  // An interrupt comes between a TLBI and its dsb, and flushes a page of its own.
  expect(await flushed(ishst, here, ishst, elsewhere, ish, ish)).toContain('vaale1is #3')
})

test('what says the same again needs no flush', async () => {
  const page = { level: 'pte', va: hex(AREA) }
  const back = { kind: 'desc_write', ...page, old: hex(KERNEL_RW | 0x80n), new: hex(KERNEL_RW) }
  const [runFile, run] = await recorded(
    eventsOf([
      { kind: 'init', ...page, new: hex(KERNEL_RW), count: 1, pa_step: hex(PAGE) },
      { kind: 'desc_write', ...page, old: hex(KERNEL_RW), new: hex(KERNEL_RW | 0x80n) },
      back,
    ]),
  )
  const fates = whyDescriptor(runFile, run, AREA).steps.map(({ context }) => context?.fate?.kind)
  expect(fates).toEqual([undefined, 'restored', 'held'])
})
