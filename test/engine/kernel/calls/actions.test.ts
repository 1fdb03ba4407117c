import { describe, expect, test } from 'vitest'

import { InputError, parseCall, runScenario } from '@pagetrail/engine'

import { hookLog } from '../../../support/hook-log.ts'

const PAGE = '0xffff8000c0000000'
const START = {
  flavour: '6.18',
  geometry: { page_shift: 12, va_bits: 48 },
  init: [{ va: PAGE, level: 'pte', desc: '0xe8000500040703', count: 16, pa_step: '0x1000' }],
}

/** The lines that begin with one of these words, without the calls in between. */
function told(calls: readonly object[], words: readonly string[], more: object = {}) {
  const { hooks, lines } = hookLog()
  const { results } = runScenario({ ...START, ...more, calls }, {}, hooks)
  return { results, lines: lines.filter((line) => words.includes(line.split(' ')[0] ?? '')) }
}

describe('contexts', () => {
  const ENTER = { fn: 'context', to: 'softirq' }
  const LEAVE = { fn: 'context', to: 'task' }
  const SPLIT = { fn: 'split_kernel_leaf_mapping', addr: PAGE, end: '0xffff8000c0002000' }
  const bbml = { features: { bbml: true, cpu_bbml: true } }

  test('are entered and left by the program, outside calls', () => {
    const { results, lines } = told([ENTER, LEAVE], ['context', 'opBegin', 'opEnd'])
    expect({ results, lines }).toEqual({
      results: [0, 0],
      lines: ['context "softirq"', 'context "task"'],
    })
  })

  test('a mutex in softirq is reported, whether or not it would block; in a task it is not', () => {
    const { lines } = told([ENTER, SPLIT, LEAVE, SPLIT], ['sleepInAtomic'], bbml)
    expect(lines).toEqual(['sleepInAtomic "pgtable_split_lock","softirq"'])
  })

  test('so is one with preemption off, where lazy MMU mode still acts', () => {
    const off = [{ fn: 'preempt_disable' }, SPLIT, { fn: 'preempt_enable' }, SPLIT]
    const { results, lines } = told(off, ['sleepInAtomic', 'opBegin'], bbml)
    expect(results).toEqual([0, 0, 0, 0])
    expect(lines.filter((line) => line.startsWith('sleep'))).toEqual([
      'sleepInAtomic "pgtable_split_lock","task"',
    ])
    expect(lines.filter((line) => line.startsWith('opBegin'))).toHaveLength(2)
    expect(() => told([{ fn: 'preempt_enable' }], [])).toThrow('without preempt_disable')
  })

  test('so is the mmap lock, and an allocation that may sleep under a spinlock', () => {
    const calls = [
      ENTER,
      { fn: 'lock', name: 'init_mm.mmap_lock', mode: 'read' },
      { fn: 'unlock', name: 'init_mm.mmap_lock', mode: 'read' },
      LEAVE,
      { fn: 'lock', name: 'swapper_pgdir_lock' },
      {
        fn: 'apply_to_page_range',
        addr: '0xffff8000d0000000',
        end: '0xffff8000d0001000',
        cb: 'null',
      },
      { fn: 'unlock', name: 'swapper_pgdir_lock' },
    ]
    const { lines } = told(calls, ['sleepInAtomic', 'lock', 'unlock'])
    expect(lines).toEqual([
      'sleepInAtomic "init_mm.mmap_lock","softirq"',
      'lock "init_mm.mmap_lock","read"',
      'unlock "init_mm.mmap_lock","read"',
      'lock "swapper_pgdir_lock","spin"',
      'sleepInAtomic "alloc_pages","task"',
      'lock "init_mm.page_table_lock","spin"',
      'unlock "init_mm.page_table_lock","spin"',
      'unlock "swapper_pgdir_lock","spin"',
    ])
  })

  test('releasing what is not held stops the CPU', () => {
    const { results } = told([{ fn: 'unlock', name: 'swapper_pgdir_lock' }, LEAVE], [])
    expect(results).toEqual([null, null])
  })
})

describe('accesses', () => {
  const access = (mode: string, more: object = {}) => ({ fn: 'access', addr: PAGE, mode, ...more })
  const invalid = { fn: 'set_direct_map_invalid_noflush', pfn: '0x500040' }
  const flush = { fn: 'flush_tlb_kernel_range', addr: PAGE, end: '0xffff8000c0001000' }
  const off = { fn: 'set_memory_valid', addr: PAGE, numpages: 1, enable: 0 }
  const EFAULT = -14

  test('are events of the CPU that makes them; a miss fills', () => {
    const { results, lines } = told(
      [access('write', { cpu: 1 }), access('write', { cpu: 1 })],
      ['cpu', 'tlbFill', 'access'],
    )
    expect(results).toEqual([0, 0])
    expect(lines).toEqual([
      'cpu 0',
      'cpu 1',
      'tlbFill 4,3221225472,4294934528,3221229568,4294934528,263939,15204357',
      'access "write",3221225472,4294934528,"ok",false',
      'cpu 0',
      'cpu 1',
      'access "write",3221225472,4294934528,"ok",false',
      'cpu 0',
    ])
  })

  test('H4: without a flush another CPU goes on using what was made invalid', () => {
    const alias = { va: '0xffff000100040000', level: 'pte', desc: '0xe8000500040703' }
    const at = { addr: '0xffff000100040000' }
    const { lines } = told(
      [access('write', { ...at, cpu: 1 }), invalid, access('write', { ...at, cpu: 1 })],
      ['access'],
      { init: [alias] },
    )
    expect(lines).toEqual([
      'access "write",262144,4294901761,"ok",false',
      'access "write",262144,4294901761,"ok",true',
    ])
  })

  test('after its flush it does not', () => {
    const { results } = told(
      [access('write', { cpu: 1 }), off, flush, access('read', { cpu: 1 })],
      [],
    )
    expect(results).toEqual([0, 0, 0, EFAULT])
  })

  test('an entry can be put in and dropped by chance', () => {
    const { results, lines } = told(
      [
        { fn: 'tlb_evict', addr: PAGE },
        { fn: 'tlb_fill', addr: PAGE },
        { fn: 'tlb_evict', addr: PAGE },
        { fn: 'tlb_fill', addr: '0xffff8000d0000000' },
      ],
      ['tlbFill', 'tlbEvict'],
    )
    expect(results).toEqual([0, 0, 1, EFAULT])
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['tlbFill', 'tlbEvict'])
  })

  test('two sizes over one address: a conflict without BBML2, which stops the CPU', () => {
    const block = { va: '0xffff8000c0200000', level: 'pmd', desc: '0xe8000600000701' }
    const at = { addr: '0xffff8000c0200000' }
    const split = { fn: 'range_split_to_ptes', ...at, end: '0xffff8000c0400000' }
    const calls = [access('read', at), split, { fn: 'tlb_fill', ...at }, access('read', at), off]
    const results = (bbml: boolean) =>
      told(calls, [], { init: [block, ...START.init], features: { bbml, cpu_bbml: bbml } }).results
    expect(results(false)).toEqual([0, 0, 0, null, null])
    expect(results(true)).toEqual([0, 0, 0, 0, 0])
  })

  test('between the TLBI and the dsb(ish) another CPU still gets the old translation', () => {
    const outcomes = new Set<string>()
    for (let steps = 1; steps < 60; steps++) {
      const { hooks, lines } = hookLog()
      const cpus = [{ calls: [off] }, { calls: [access('write'), access('write')] }]
      const schedule = ['1', ...Array.from({ length: steps }, () => '0'), '1'].join('.')
      runScenario({ ...START, cpus, schedule }, {}, hooks)
      const last = lines.findLastIndex((line) => line.startsWith('access'))
      const issued = lines.slice(0, last).some((line) => line.startsWith('tlbi'))
      const done = lines.slice(0, last).some((line) => line.startsWith('opEnd "set_memory_valid"'))
      outcomes.add(
        `${issued ? 'issued' : ''} ${done ? 'done' : ''} ${lines[last]?.split(',').slice(3).join()}`,
      )
    }
    expect(outcomes).toContain('issued  "ok",true')
    expect(outcomes).toContain('issued done "fault",false')
    expect(outcomes).not.toContain('issued done "ok",true')
  })
})

describe('what is wrong is refused with its place', () => {
  test.each<[object, string]>([
    [{ fn: 'context', to: 'nmi' }, 'calls[1].to: "nmi" should be one of task'],
    [{ fn: 'lock', name: 'mine' }, 'calls[1].name: "mine" should be one of'],
    [{ fn: 'lock', name: 'init_mm.mmap_lock' }, 'calls[1].mode: should be "read" or "write"'],
    [{ fn: 'lock', name: 'pgtable_split_lock', mode: 'spin' }, 'calls[1].mode: should be "mutex"'],
    [{ fn: 'access', addr: PAGE, mode: 'jump' }, 'calls[1].mode: "jump" should be one of'],
    [{ fn: 'access', addr: PAGE, mode: 'read', see: 'none' }, 'calls[1].see'],
    [{ fn: 'access', addr: PAGE, mode: 'read', cpu: 64 }, 'calls[1].cpu: 64 should be an integer'],
    [{ fn: 'tlb_evict', addr: PAGE, alloc_fail: 1 }, 'calls[1].alloc_fail: is not known here'],
  ])('%j', (call, message) => {
    expect(() => parseCall(call, 'calls[1]')).toThrow(InputError)
    expect(() => parseCall(call, 'calls[1]')).toThrow(message)
  })
})

const walk = (more: object) => ({
  fn: 'apply_to_page_range',
  addr: PAGE,
  end: '0xffff8000c0002000',
  cb: 'observe',
  ...more,
})

describe('a call that a callback makes', () => {
  const inner = { fn: 'set_memory_valid', addr: '0xffff8000c0004000', numpages: 1, enable: 0 }

  test('belongs to the call around it, and its result is the callback’s', () => {
    const area = { areas: [{ start: '0xffff8000c0000000', size: '0x5000' }] }
    const { results, lines } = told(
      [walk({ call_at: 2, call: inner }), walk({ call_at: 1, call: { ...inner, addr: '0x1000' } })],
      ['opBegin', 'cbEnter', 'lazyEnter', 'lazyLeave'],
      area,
    )
    expect(results[0]).toBe(0)
    expect(lines.filter((line) => line.startsWith('opBegin'))).toHaveLength(2)
    expect(lines.filter((line) => line.includes('pageattr_pte_entry')).length).toBeGreaterThan(0)
  })

  test.each([
    [{ call: inner }, 'calls[0].call: needs callbacks that observe, and call_at'],
    [{ cb: 'null', call_at: 1, call: inner }, 'calls[0].call: needs callbacks that observe'],
    [{ call_at: 1, call: { fn: 'context', to: 'irq' } }, 'should be a call of the kernel'],
    [{ call_at: 1, call: { ...inner, alloc_fail: 1 } }, 'without alloc_fail'],
    [{ call_at: 1, call: walk({ call_at: 1, call: inner }) }, 'or a call within it'],
    [{ call_at: 1, call: { fn: 'set_memory_oops' } }, 'calls[0].call.fn: "set_memory_oops"'],
  ])('%j is refused', (more, message) => {
    expect(() => told([walk(more)], [])).toThrow(message)
  })
})
