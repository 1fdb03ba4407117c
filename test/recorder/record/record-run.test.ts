import { openRuns, recordRun, type RunDescription, type RunHooks } from '@pagetrail/recorder'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { folder } from '../../support/cli.ts'

const va = 0xffff_8000_8000_0000n
const end = va + 0x1000n
const description: RunDescription = {
  label: 'mine',
  created: 1_000,
  geometry: { pageShift: 14, vaBits: 47, levels: 3 },
  flavour: '6.18',
}

let runFile: Awaited<ReturnType<typeof openRuns>>
beforeEach(async () => {
  runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
})
afterEach(() => runFile.close())

const record = (program: (hooks: RunHooks) => unknown, over: Partial<RunDescription> = {}) =>
  recordRun(runFile, { ...description, ...over }, program)

function broken(hooks: RunHooks): never {
  call(hooks)
  hooks.opBegin('set_memory_rw', null)
  throw new TypeError('mine')
}

function call(hooks: RunHooks): number {
  hooks.opBegin('set_memory_ro', { va, end }, { numpages: 1 })
  hooks.walkBegin('walk', va, end)
  hooks.cbEnter('pte', 'pageattr_pte_entry', va, end)
  hooks.descWrite('pte', va, 0xe8000500041703n, 0xe0000500041783n)
  hooks.cbExit('pte', 'pageattr_pte_entry', va, 0)
  hooks.walkEnd('walk', 0)
  hooks.tlbFlush('flush_tlb_kernel_range', { va, end })
  hooks.opEnd('set_memory_ro', 0)
  return 7
}

describe('recordRun', () => {
  test('a program that returns is a complete run, with what it said', () => {
    const { run, result } = recordRun(runFile, description, call)
    expect(result).toBe(7)
    expect(run).toMatchObject({ label: 'mine', state: 'complete', events: 8, calls: 1 })
    expect(run).toMatchObject({ source: 'jsonl', flavour: '6.18', created: 1000 })
    expect(run.geometry).toEqual(description.geometry)
    const [begin, , , write] = runFile.source(run).events()
    expect(begin).toMatchObject({ kind: 'op_begin', va, end, args: { numpages: 1 }, nest: 0 })
    const stored = { level: 'pte', va, old: 0xe8000500041703n, new: 0xe0000500041783n }
    expect(write).toMatchObject({ kind: 'desc_write', ...stored, op: 0 })
  })

  test('one that throws is interrupted, has its events, and throws on', () => {
    expect(() => record(broken)).toThrow(new TypeError('mine'))
    expect(runFile.find(-1)).toMatchObject({ state: 'interrupted', events: 9, calls: 2 })
  })

  test('a promise: complete when it is fulfilled, interrupted when it is rejected', async () => {
    const later = await recordRun(runFile, description, async (hooks) => {
      hooks.opBegin('set_memory_ro', null)
      await Promise.resolve()
      expect(runFile.find(-1).state).toBe('recording')
      hooks.opEnd('set_memory_ro', 0)
      return 'done'
    })
    expect(later).toMatchObject({ result: 'done', run: { state: 'complete', events: 2 } })
    const rejected = recordRun(runFile, description, async (hooks) => {
      hooks.barrier()
      await Promise.resolve()
      throw new Error('later')
    })
    await expect(rejected).rejects.toThrow('later')
    expect(runFile.find(-1)).toMatchObject({ state: 'interrupted', events: 1 })
  })

  test('the word form and the bigint form append to one run', () => {
    const { run } = recordRun(runFile, description, (hooks) => {
      hooks.barrier()
      hooks.words.barrier()
    })
    expect(run.events).toBe(2)
  })

  test('every hook makes the event that its word form makes', () => {
    const [lo, hi, endLo] = [0x8000_0000, 0xffff_8000, 0x8000_1000]
    const desc = 0xe8_0005_0004_0703n
    const [dLo, dHi] = [0x0004_0703, 0xe8_0005]
    const { run: people } = record((h) => {
      h.opBegin('f', { va, end }, { addr: va, numpages: 1 })
      h.walkBegin('w', va, end)
      h.cbEnter('pte', 'c', va, end)
      h.descWrite('pte', va, desc, 0n)
      h.descRead('pte', va, desc)
      h.cbExit('pte', 'c', va, -22, 'again')
      h.hole('pmd', va, end)
      h.walkEnd('w', -22)
      h.spanBegin('s', va, 0n)
      h.spanEnd('s', 1)
      h.tableAlloc('pte', va, 0x5_0000_0000n)
      h.tableAllocFail('pte', va)
      h.tableFree('pte', va, 0x5_0000_0000n)
      h.split('pmd', va)
      h.lazyMmuEnter(1)
      h.lazyMmuLeave(0, true, 'pause')
      h.barrierQueue()
      h.barrier()
      h.dsb('ish')
      h.dmb('st')
      h.isb()
      h.tlbFlush('flush_tlb_kernel_range', { va, end })
      h.tlbFlush('flush_tlb_all', null)
      h.tlbi('rvaale1is', { va, pages: 2 }, 0, 0)
      h.tlbi('vmalle1is', null)
      h.lock('l', 'spin')
      h.unlock('l', 'spin')
      h.warn('g', true, false)
      h.badEntry('pud', desc)
      h.context('irq')
      h.sleepInAtomic('m', 'irq')
      h.access('write', va, 'fault', true)
      h.tlbFill('contpte', va, end, desc)
      h.tlbEvict(va)
      h.opEnd('f', 0)
      h.opBegin('g', null)
      h.bug('g')
    })
    const { run: words } = record(({ words: w }) => {
      w.opBegin('f', true, lo, hi, endLo, hi, { addr: va, numpages: 1 })
      w.walkBegin('w', lo, hi, endLo, hi)
      w.cbEnter(4, 'c', lo, hi, endLo, hi)
      w.descWrite(4, lo, hi, dLo, dHi, 0, 0)
      w.descRead(4, lo, hi, dLo, dHi)
      w.cbExit(4, 'c', lo, hi, -22, 'again')
      w.hole(3, lo, hi, endLo, hi)
      w.walkEnd('w', -22)
      w.spanBegin('s', lo, hi, 0, 0)
      w.spanEnd('s', 1)
      w.tableAlloc(4, lo, hi, 0, 5)
      w.tableAllocFail(4, lo, hi)
      w.tableFree(4, lo, hi, 0, 5)
      w.split(3, lo, hi)
      w.lazyMmuEnter(1, false, null)
      w.lazyMmuLeave(0, true, 'pause')
      w.barrierQueue()
      w.barrier()
      w.dsb('ish')
      w.dmb('st')
      w.isb()
      w.tlbFlush('flush_tlb_kernel_range', true, lo, hi, endLo, hi)
      w.tlbFlush('flush_tlb_all', false, 0, 0, 0, 0)
      w.tlbi('rvaale1is', lo, hi, 2, 0, 0)
      w.tlbi('vmalle1is', 0, 0, -1, -1, -1)
      w.lock('l', 'spin')
      w.unlock('l', 'spin')
      w.warn('g', true, false)
      w.badEntry(2, dLo, dHi)
      w.context('irq')
      w.sleepInAtomic('m', 'irq')
      w.access('write', lo, hi, 'fault', true)
      w.tlbFill(6, lo, hi, endLo, hi, dLo, dHi)
      w.tlbEvict(lo, hi)
      w.opEnd('f', 0)
      w.opBegin('g', false, 0, 0, 0, 0, {})
      w.bug('g')
    })
    expect(people).toMatchObject({ events: 37, calls: 2 })
    expect([...runFile.source(people).events()]).toEqual([...runFile.source(words).events()])
    expect([...runFile.source(people).calls()]).toEqual([...runFile.source(words).calls()])
  })

  test('what it says it shows is what is known of it', () => {
    const { run } = recordRun(runFile, { ...description, shows: ['desc_write'] }, () => null)
    expect(run.facts).toEqual({ shows: ['desc_write'] })
  })

  test.each<[string, (hooks: RunHooks) => void, string]>([
    ['an end without its begin', (h) => h.opEnd('f', 0), 'op_end of f on CPU 0 closes nothing'],
    [
      'an end of another function',
      (h) => {
        h.opBegin('f', null)
        h.opEnd('g', 0)
      },
      'op_end of g on CPU 0 closes nothing: a op_begin is open there',
    ],
    ['a call left open', (h) => h.opBegin('f', null), 'op_begin of f on CPU 0 has no end'],
    [
      'a number for an address',
      (h) => Reflect.apply(h.tlbEvict, h, [4096]),
      'tlb_evict.va: 4096 is not an unsigned 64-bit bigint, such as 0x1000n',
    ],
    [
      'more than 64 bits',
      (h) => h.tlbEvict(2n ** 64n),
      'tlb_evict.va: 18446744073709551616n is not an unsigned 64-bit bigint',
    ],
    [
      'below zero',
      (h) => h.descWrite('pte', va, 0n, -1n),
      'desc_write.new: -1n is not an unsigned 64-bit bigint',
    ],
    [
      'an unknown level',
      (h) => Reflect.apply(h.split, h, ['ptee', va]),
      'split.level: "ptee" is not a page-table level, did you mean pte?',
    ],
    [
      'an unknown scope',
      (h) => Reflect.apply(h.dsb, h, ['ishstt']),
      'dsb.scope: "ishstt" is not one of ishst, ish, sy, st, ld, ishld, nsh, nshst, nshld, osh, oshst, oshld, did you mean ishst?',
    ],
    [
      'an end below its begin',
      (h) => h.walkBegin('w', end, va),
      'walk_begin: end 0xffff800080000000',
    ],
    ['no function', (h) => h.walkBegin('', va, end), 'walk_begin: its function has no name'],
    ['half an errno', (h) => h.spanEnd('s', 0.5), 'span_end.ret: 0.5 is not a whole number'],
    [
      'no descriptor',
      (h) => Reflect.apply(h.descWrite, h, ['pte', va, null, 0n]),
      'desc_write.old: null is not a value',
    ],
    [
      'no address',
      (h) => Reflect.apply(h.tableFree, h, ['pte']),
      'table_free.va: undefined is not a value',
    ],
    [
      'an unknown context',
      (h) => Reflect.apply(h.context, h, ['nmi']),
      'context: nmi is not one of task, bh_off, softirq, irq',
    ],
    ['no CPU', (h) => h.cpu(-1), 'cpu: -1 is not a CPU'],
    ['too many CPUs', (h) => h.cpu(256), 'cpu: 256 is not a CPU'],
  ])('%s is an InputError that names the event; the run is interrupted', (_, program, message) => {
    const { name, text } = errorOf(() => record(program))
    expect(name).toBe('InputError')
    expect(text).toContain(message)
    expect(runFile.find(-1).state).toBe('interrupted')
  })

  test.each<[Partial<Record<keyof RunDescription, unknown>>, string]>([
    [{ created: undefined }, 'run.created has to be the time in ms since 1970'],
    [{ label: 3 }, 'run.label has to be a string'],
    [{ geometry: { pageShift: 12 } }, 'run.geometry needs pageShift, vaBits and levels'],
    [{ shows: ['desc_wrote'] }, 'there is no kind desc_wrote, did you mean desc_write?'],
  ])('a wrong description %j leaves no run', (over, message) => {
    const wrong = { ...description, ...over }
    const attempt = () => Reflect.apply(recordRun, null, [runFile, wrong, call])
    expect(errorOf(attempt)).toEqual({ name: 'InputError', text: expect.stringContaining(message) })
    expect(runFile.runs()).toEqual([])
  })
})

function errorOf(attempt: () => unknown): { name: string; text: string } {
  try {
    attempt()
  } catch (error) {
    if (error instanceof Error) return { name: error.constructor.name, text: error.message }
  }
  throw new Error('nothing was thrown')
}
