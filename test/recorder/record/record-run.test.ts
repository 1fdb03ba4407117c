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
      'tlb_evict: va is the number 4096; a 64-bit value is a bigint',
    ],
    [
      'more than 64 bits',
      (h) => h.tlbEvict(2n ** 64n),
      'tlb_evict: va 18446744073709551616 is not',
    ],
    [
      'below zero',
      (h) => h.descWrite('pte', va, 0n, -1n),
      'desc_write: new -1 is not in 0 … 2^64-1',
    ],
    [
      'an unknown level',
      (h) => Reflect.apply(h.split, h, ['ptee', va]),
      'split: level is the "ptee", not one of pgd, p4d, pud, pmd, pte, contpmd, contpte, did you mean pte?',
    ],
    [
      'an unknown scope',
      (h) => Reflect.apply(h.dsb, h, ['ishstt']),
      'dsb: scope is the "ishstt", not one of ishst, ish, sy, st, did you mean ishst?',
    ],
    [
      'an end below its begin',
      (h) => h.walkBegin('w', end, va),
      'walk_begin: end 0xffff800080000000',
    ],
    ['no function', (h) => h.walkBegin('', va, end), 'walk_begin: its function is the ""'],
    ['half an errno', (h) => h.spanEnd('s', 0.5), 'span_end: ret is the number 0.5'],
    ['no CPU', (h) => h.cpu(-1), 'cpu: number -1 is not a CPU'],
    ['too many CPUs', (h) => h.cpu(256), 'cpu: number 256 is not a CPU'],
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
