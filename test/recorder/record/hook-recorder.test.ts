import { expect, test } from 'vitest'

import { eventToJson, HookRecorder, InputError, openRuns } from '@pagetrail/recorder'

import { EventDrain } from '../../../packages/recorder/src/record/event-drain.ts'

const HI = 0xffff0001
const at = (n: number) => `0xffff0001${n.toString(16).padStart(8, '0')}`

async function recorded(drive: (hooks: HookRecorder) => void) {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const writer = runFile.startRun({ label: 'hooks', source: 'engine', created: 0 })
  drive(new HookRecorder(writer))
  writer.finish('complete')
  const source = runFile.source(runFile.find(-1))
  return { events: [...source.events()], calls: [...source.calls()], close: () => runFile.close() }
}

test('every hook becomes the event that the corpus has for it', async () => {
  const { events, calls, close } = await recorded((h) => {
    h.opBegin('set_memory_ro', true, 0x4000, HI, 0x6000, HI, {
      addr: 0xffff_0001_0000_4000n,
      numpages: 2,
    })
    h.walkBegin('apply_to_page_range', 0x4000, HI, 0x6000, HI)
    h.lazyMmuEnter(1, false, null)
    h.cbEnter(4, 'change_page_range', 0x4000, HI, 0x5000, HI)
    h.descWrite(4, 0x4000, HI, 0x40703, 0xe80005, 0x40783, 0xe00005)
    h.barrierQueue()
    h.cbExit(4, 'change_page_range', 0x4000, HI, 0, null)
    h.cbEnter(3, 'pageattr_pmd_entry', 0x4000, HI, 0x6000, HI)
    h.cbExit(3, 'pageattr_pmd_entry', 0x4000, HI, -22, 'subtree')
    h.hole(2, 0x4000, HI, 0x6000, HI)
    h.barrier()
    h.lazyMmuLeave(0, true, 'pause')
    h.walkEnd('apply_to_page_range', 0)
    h.tableAlloc(4, 0x0, HI, 0x6000000, 0x14)
    h.tableAllocFail(4, 0x0, HI)
    h.tableFree(4, 0x0, HI, 0x6000000, 0x14)
    h.dsb('ishst')
    h.dsb('sy')
    h.dmb('ishst')
    h.isb()
    h.tlbFlush('flush_tlb_kernel_range', true, 0x4000, HI, 0x6000, HI)
    h.tlbFlush('flush_tlb_all', false, 1, 2, 3, 4)
    h.tlbi('rvaale1is', 0x4000, HI, 2, 0, 0)
    h.tlbi('vmalle1is', 7, 7, -1, -1, -1)
    h.lock('pgtable_split_lock', 'mutex')
    h.unlock('pgtable_split_lock', 'mutex')
    h.split(5, 0x0, HI)
    h.warn('__change_memory_common', true, false)
    h.badEntry(3, 0x5, 0x8000_0000)
    h.context('softirq')
    h.sleepInAtomic('mutex_lock', 'irq')
    h.access('exec', 0x4000, HI, 'conflict', true)
    h.opEnd('set_memory_ro', 0)
  })
  const range = { va: at(0x4000), end: at(0x6000) }
  const common = { cpu: 0, op: 0 }
  expect(events.map((event) => eventToJson(event))).toEqual(
    [
      { kind: 'op_begin', fn: 'set_memory_ro', ...range, args: { addr: at(0x4000), numpages: 2 } },
      { kind: 'walk_begin', fn: 'apply_to_page_range', ...range },
      { kind: 'lazy_mmu_enter', depth: 1 },
      { kind: 'cb_enter', level: 'pte', fn: 'change_page_range', va: at(0x4000), end: at(0x5000) },
      {
        kind: 'desc_write',
        level: 'pte',
        va: at(0x4000),
        old: '0xe8000500040703',
        new: '0xe0000500040783',
      },
      { kind: 'barrier_queue' },
      {
        kind: 'cb_exit',
        level: 'pte',
        fn: 'change_page_range',
        va: at(0x4000),
        ret: 0,
        action: null,
      },
      { kind: 'cb_enter', level: 'pmd', fn: 'pageattr_pmd_entry', ...range },
      {
        kind: 'cb_exit',
        level: 'pmd',
        fn: 'pageattr_pmd_entry',
        va: at(0x4000),
        ret: -22,
        action: 'subtree',
      },
      { kind: 'hole', level: 2, ...range },
      { kind: 'barrier' },
      { kind: 'lazy_mmu_leave', depth: 0, ignored: true, api: 'pause' },
      { kind: 'walk_end', fn: 'apply_to_page_range', ret: 0 },
      { kind: 'table_alloc', level: 'pte', va: at(0), pa: '0x1406000000' },
      { kind: 'table_alloc_fail', level: 'pte', va: at(0) },
      { kind: 'table_free', level: 'pte', va: at(0), pa: '0x1406000000' },
      { kind: 'dsb', scope: 'ishst' },
      { kind: 'dsb', scope: 'sy' },
      { kind: 'dmb', scope: 'ishst' },
      { kind: 'isb' },
      { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', ...range },
      { kind: 'tlb_flush', fn: 'flush_tlb_all', va: null, end: null },
      { kind: 'tlbi', insn: 'rvaale1is', va: at(0x4000), pages: 2, scale: 0, num: 0 },
      { kind: 'tlbi', insn: 'vmalle1is', va: null, pages: null, scale: null, num: null },
      { kind: 'lock', fn: 'pgtable_split_lock', mode: 'mutex' },
      { kind: 'unlock', fn: 'pgtable_split_lock', mode: 'mutex' },
      { kind: 'split', level: 'contpmd', va: at(0) },
      { kind: 'warn', fn: '__change_memory_common', once: true, fired: false },
      { kind: 'bad_entry', level: 'pmd', desc: '0x8000000000000005' },
      { kind: 'context', fn: 'softirq' },
      { kind: 'sleep_in_atomic', fn: 'mutex_lock', context: 'irq' },
      { kind: 'access', mode: 'exec', va: at(0x4000), outcome: 'conflict', stale: true },
      { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
    ].map((event, seq) => Object.assign({ seq }, common, event)),
  )
  expect(calls).toMatchObject([
    { fn: 'set_memory_ro', va: 0xffff_0001_0000_4000n, ret: 0, first: 0, last: 32 },
  ])
  close()
})

test('depth and call are kept per CPU', async () => {
  const { events, close } = await recorded((h) => {
    const call = (fn: string) => h.opBegin(fn, false, 0, 0, 0, 0, {})
    h.cpu(0)
    call('a')
    h.cpu(1)
    call('b')
    h.cpu(0)
    h.walkBegin('w', 0, 0, 0, 0)
    h.cpu(1)
    h.opEnd('b', 0)
    h.barrier()
    h.cpu(0)
    h.barrier()
  })
  expect(events.map(({ cpu, op, nest }) => [cpu, op, nest])).toEqual([
    [0, 0, 0],
    [1, 1, 0],
    [0, 0, 1],
    [1, 1, 0],
    [1, null, 0],
    [0, 0, 2],
  ])
  close()
})

test('a call that ends without returning has no end, and what follows is outside it', async () => {
  const { events, calls, close } = await recorded((h) => {
    h.nextOp = 4
    h.opBegin('set_memory_ro', false, 0, 0, 0, 0, {})
    h.walkBegin('w', 0, 0, 0, 0)
    h.livelock(3, 'pageattr_pmd_entry', 0x4000, HI, 9)
    h.barrier()
  })
  expect(events[2]).toMatchObject({ kind: 'livelock', repeats: 9, op: 4, nest: 2 })
  expect(events[3]).toMatchObject({ kind: 'barrier', op: null, nest: 0 })
  expect(calls).toMatchObject([{ op: 4, ret: null, last: null, va: 0n, end: 0n }])
  close()
})

test.each([
  [
    'an end without a begin',
    (h: HookRecorder) => h.opEnd('set_memory_ro', 0),
    'op_end of set_memory_ro on CPU 0 closes nothing: nothing is open there',
  ],
  [
    'an end of what encloses what is open',
    (h: HookRecorder) => {
      h.opBegin('set_memory_ro', false, 0, 0, 0, 0, {})
      h.walkBegin('apply_to_page_range', 0, HI, 0x1000, HI)
      h.opEnd('set_memory_ro', 0)
    },
    'op_end of set_memory_ro on CPU 0 closes nothing: a walk_begin is open there',
  ],
  [
    'an end of another function',
    (h: HookRecorder) => {
      h.walkBegin('apply_to_page_range', 0, HI, 0x1000, HI)
      h.walkEnd('apply_to_existing_page_range', 0)
    },
    'walk_end of apply_to_existing_page_range on CPU 0 closes nothing: a walk_begin is open there',
  ],
  [
    'an end on another CPU',
    (h: HookRecorder) => {
      h.walkBegin('apply_to_page_range', 0, HI, 0x1000, HI)
      h.cpu(1)
      h.walkEnd('apply_to_page_range', 0)
    },
    'walk_end of apply_to_page_range on CPU 1 closes nothing: nothing is open there',
  ],
])('%s is refused', (_, drive, message) => {
  const recorder = new HookRecorder(new EventDrain(() => {}))
  expect(() => drive(recorder)).toThrow(new InputError(message))
})
