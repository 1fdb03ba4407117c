import { describe, expect, test } from 'vitest'

import { runScenario } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const BLOCK = '0xffff000100200000'
const IMAGE = '0xffff000140000000'

function run(flavour: string, features: object, calls: readonly object[]) {
  const { hooks, lines } = hookLog()
  const scenario = {
    geometry: { page_shift: 12, va_bits: 48 },
    flavour,
    features,
    init: [
      { va: BLOCK, level: 'pmd', desc: '0xe8000500200701' },
      { va: IMAGE, level: 'pud', desc: '0xe8000540000701' },
    ],
    calls,
  }
  const { results, final } = runScenario(scenario, {}, hooks)
  const words = new Set(lines.map((line) => line.split(' ')[0]))
  return { results, levels: final.map(({ level, count }) => `${count} ${level}`), words, lines }
}

describe('arch_kfence_init_pool()', () => {
  const pool = { kfence_start: BLOCK, kfence_size: '0x200000' }
  const late = { ...pool, bbml: true, cpu_bbml: true, kfence_direct_map: true }
  const init = { fn: 'arch_kfence_init_pool' }

  test.each(['6.18', '7.3'])('%s: a late pool becomes pages, without a flush', (flavour) => {
    const { results, levels, words } = run(flavour, late, [init])
    expect({ results, levels }).toEqual({ results: [1], levels: ['512 pte', '1 pud'] })
    expect([words.has('tlbFlush'), words.has('sleepInAtomic'), words.has('lock')]).toEqual([
      false,
      false,
      true,
    ])
  })

  test.each<[string, string, object]>([
    ['an early pool', '6.18', { ...late, kfence_direct_map: false }],
    ['no BBML2', '6.18', { ...late, bbml: false }],
    ['no BBML3', '7.3', { ...late, bbml: false, cpu_bbml: false }],
    ['debug_pagealloc', '6.18', { ...late, debug_pagealloc: true }],
    ['6.17', '6.17', late],
  ])('%s: nothing to do', (_, flavour, features) => {
    const { results, levels, words } = run(flavour, features, [init])
    expect({ results, levels }).toEqual({ results: [1], levels: ['1 pmd', '1 pud'] })
    expect(words.has('lock')).toBe(false)
  })

  test('out of memory it says so', () => {
    expect(run('6.18', late, [{ ...init, alloc_fail: 1 }]).results).toEqual([0])
  })

  test('afterwards a page is protected in softirq without sleeping, and always with success', () => {
    const enter = { fn: 'context', to: 'softirq' }
    const protect = { fn: 'kfence_protect_page', addr: BLOCK, protect: 1 }
    const { results, levels, words } = run('6.18', late, [init, enter, protect])
    expect(results).toEqual([1, 0, 1])
    expect(levels).toEqual(['1 pte', '511 pte', '1 pud'])
    expect(words.has('sleepInAtomic')).toBe(false)
    expect(run('6.18', pool, [protect]).results).toEqual([1])
  })
})

describe('linear_map_maybe_split_to_ptes()', () => {
  const mixed = { bbml: false, cpu_bbml: true }
  const split = {
    fn: 'linear_map_maybe_split_to_ptes',
    image_start: IMAGE,
    image_end: '0xffff000180000000',
  }

  test.each(['6.18', '7.3'])('%s: all but the image becomes pages, then one flush', (flavour) => {
    const { results, levels, lines } = run(flavour, mixed, [split])
    expect({ results, levels }).toEqual({ results: [0], levels: ['512 pte', '1 pud'] })
    const flushes = lines.filter((line) => /^(tlbFlush|tlbi)/.test(line))
    expect(flushes.map((line) => line.split(',')[0])).toEqual([
      'tlbFlush "flush_tlb_kernel_range"',
      'tlbFlush "flush_tlb_all"',
      'tlbi "vmalle1is"',
    ])
  })

  test('it must not sleep: GFP_ATOMIC', () => {
    const { words } = run('6.18', mixed, [{ fn: 'context', to: 'irq' }, split])
    expect(words.has('tableAlloc')).toBe(true)
    expect(words.has('sleepInAtomic')).toBe(false)
  })

  test('out of memory it panics', () => {
    const { results, words } = run('6.18', mixed, [{ ...split, alloc_fail: 1 }])
    expect([results, words.has('bug')]).toEqual([[null], true])
  })

  test.each<[string, object]>([
    ['all CPUs can split later', { bbml: true, cpu_bbml: true }],
    ['the map is pages already', { bbml: false, cpu_bbml: false }],
  ])('nothing where %s', (_, features) => {
    expect(run('6.18', features, [split]).words.has('tlbFlush')).toBe(false)
  })
})

test('set_memory_ro() may sleep in every version: vm_unmap_aliases()', () => {
  for (const flavour of ['6.12', '6.17', 'seed-v1', '6.18', '7.3']) {
    const { hooks, lines } = hookLog()
    const page = '0xffff8000c0000000'
    const scenario = {
      geometry: { page_shift: 12, va_bits: 48 },
      flavour,
      features: { rodata_full: false },
      init: [{ va: page, level: 'pte', desc: '0xe8000500040703' }],
      areas: [{ start: page, size: '0x2000', nr_pages: 0 }],
      calls: [
        { fn: 'context', to: 'softirq' },
        { fn: 'set_memory_ro', addr: page, numpages: 1 },
      ],
    }
    expect(runScenario(scenario, {}, hooks).results, flavour).toEqual([0, 0])
    expect(lines, flavour).toContain('sleepInAtomic "vm_unmap_aliases","softirq"')
  }
})
