import { describe, expect, test } from 'vitest'

import { FLAVOURS, GEOMETRIES, createGeometry, hexOf, runScenario } from '@pagetrail/engine'
import type { GeometryChoice, LevelName } from '@pagetrail/engine'
import { scenarioNamed } from '@pagetrail/recorder'

import { hookLog } from '../../support/hook-log.ts'

const ALL = FLAVOURS.map(({ name }) => name)
const GEOMETRY: GeometryChoice = { page_shift: 12, va_bits: 48 }
const AT = 0xaaaa_c000_0000n
const BLOCK = 0x20_0000n
/** Of a process: writable and written to. */
const THP = '0xe8000500000f41'

interface Walked {
  readonly flavour: string
  readonly desc?: string
  readonly level?: LevelName
  readonly kind?: string
  readonly levels?: number
  readonly call?: object
  readonly mm?: object
  readonly features?: object
  readonly geometry?: GeometryChoice
  readonly start?: bigint
  readonly end?: bigint
}

/** A process with one entry, walked over its VMA: the hooks' lines, without the callbacks, and the result. */
function walk({ flavour, geometry = GEOMETRY, features = {}, mm = {}, call = {}, ...of }: Walked) {
  const { desc = THP, level = 'pmd', kind = 'anon', levels = 63, start = AT, end = AT + BLOCK } = of
  const { hooks, lines } = hookLog()
  const vmas = [{ start: hexOf(AT), end: hexOf(end > AT + BLOCK ? AT + BLOCK : end), kind }]
  const init = [{ va: hexOf(AT), level, desc }]
  const range = { mm: 'task', addr: hexOf(start), end: hexOf(end) }
  const { results } = runScenario(
    {
      geometry,
      features,
      mms: [{ name: 'task', init, vmas, ...mm }],
      calls: [{ fn: 'walk_page_range', ...range, cb: 'observe', levels, ...call }],
    },
    { flavour },
    hooks,
  )
  const named = (...names: readonly string[]) =>
    lines.filter((line) => names.includes(line.split(' ')[0]!))
  const stores = named('descWrite').map((line) => {
    const [at, , , oldLo, oldHi, lo, hi] = line.split(' ')[1]!.split(',').map(Number)
    return { level: at, old: word(oldHi!, oldLo!), new: word(hi!, lo!) }
  })
  return { ret: results[0], lines, named, stores }
}

const word = (hi: number, lo: number): string => hexOf((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0))

/** Names of the events, neighbours of one name as one, callbacks and the call left out. */
function order({ lines }: ReturnType<typeof walk>): string[] {
  const kept = lines
    .map((line) => (/^(un)?lock/.test(line) ? line : line.split(' ')[0]!))
    .filter((name) => !/^(cpu|op|walk|cb)/.test(name))
  return kept.filter((name, i) => name !== kept[i - 1])
}

/** The first page that a huge one becomes. */
const pte = (desc: string) => walk({ flavour: '7.3', desc }).stores[1]!.new

describe('an anonymous huge page', () => {
  test.each(ALL)(
    '%s: off, flushed, filled, on as a table, under the lock of the PMDs',
    (flavour) => {
      const walked = walk({ flavour })
      expect(order(walked)).toEqual([
        'split',
        'lock "pmd_ptl","spin"',
        'descWrite',
        'tlbFlush',
        'tlbi',
        // Of set_pmd() on the stack, by which the table is mapped.
        'barrier',
        'descWrite',
        'dmb',
        'descWrite',
        'barrier',
        'unlock "pmd_ptl","spin"',
        'lock "pte_ptl","spin"',
        'unlock "pte_ptl","spin"',
      ])
      const { stores, named } = walked
      expect(stores[0]).toEqual({ level: 3, old: THP, new: '0xe8000500000f40' })
      expect(stores).toHaveLength(1 + 512 + 1)
      expect(stores[1]).toEqual({ level: 4, old: '0x0', new: '0xf8000500000f43' })
      expect(stores[512]).toEqual({ level: 4, old: '0x0', new: '0xf80005001fff43' })
      // PXNTable, as the tables of a process have; the access flag from 6.17 on.
      const flags = flavour === '6.12' ? '003' : '403'
      expect(stores[513]!.new).toMatch(new RegExp(`^0x8000014[0-9a-f]{5}${flags}$`))
      expect(named('tlbi')).toEqual(['tlbi "rvae1is",3221225472,43690,512,1,7'])
      expect(named('cbEnter').filter((line) => line.startsWith('cbEnter 4'))).toHaveLength(512)
      expect(walked.ret).toBe(0)
    },
  )

  test('what the block allowed, its age and its dirt stay', () => {
    // Read-only and old; written to by hardware alone; with a userfaultfd mark; PROT_NONE is split, too.
    expect(pte('0x60000500000bc1')).toBe('0x70000500000bc3')
    expect(pte('0x68000500000f41')).toBe('0xf8000500000f43')
    expect(pte('0x460000500000fc1')).toBe('0x470000500000fc3')
    expect(pte('0x60000500000f80')).toBe('0x70000500000fc3')
  })

  test.each(ALL)(
    '%s: stays whole where a callback asks to continue, or none wants PTEs',
    (flavour) => {
      for (const change of [{ call: { cont_at: 4 }, levels: 31 }, { levels: 15 }]) {
        const walked = walk({ flavour, ...change })
        expect(order(walked)).toEqual([])
        expect(walked.named('cbEnter')).toHaveLength(4)
      }
    },
  )

  test('the flush: twice under KPTI, one instruction a block without TLB ranges', () => {
    const twice = walk({ flavour: '6.18', features: { ng_mappings: 1 } })
    expect(twice.named('tlbi')).toHaveLength(2)
    const single = walk({ flavour: '6.12', features: { tlb_range: 0 } })
    expect(single.named('tlbi')).toEqual(['tlbi "vae1is",3221225472,43690,1,-1,-1'])
  })

  test.each(GEOMETRIES)('on %j: as many pages as a table has', (geometry) => {
    const g = createGeometry(geometry)
    const size = BigInt(g.entries * g.pageSize)
    const at = 4n * size
    const { hooks, lines } = hookLog()
    const range = { addr: hexOf(at), end: hexOf(at + size) }
    const sh = g.lpa2Active ? 0n : 0x300n
    runScenario(
      {
        geometry,
        mms: [
          {
            name: 'task',
            init: [{ va: range.addr, level: 'pmd', desc: hexOf(0xe8_0010_0000_0c41n | sh) }],
            vmas: [{ start: range.addr, end: range.end }],
          },
        ],
        calls: [{ fn: 'walk_page_range', mm: 'task', ...range, cb: 'observe', levels: 16 }],
      },
      { flavour: '7.3' },
      hooks,
    )
    const of = (text: string) => lines.filter((line) => line.startsWith(text)).length
    expect(of('descWrite 4')).toBe(g.entries)
    expect(of('cbEnter 4')).toBe(g.entries)
    // With two levels the table of PMDs is the top one, and has no lock of its own.
    expect(of('lock "task.page_table_lock"')).toBe(g.levels === 2 ? 1 : 0)
    expect(of('lock "pmd_ptl"')).toBe(g.levels === 2 ? 0 : 1)
    expect(of('wildDeref') + of('livelock') + of('bug')).toBe(0)
  })
})

/** A walk of a VMA with VM_PFNMAP. */
const pfnmap = (call: object, levels = 63) =>
  walk({ flavour: '6.18', kind: 'pfnmap', levels, call })

describe('what else a VMA decides', () => {
  test.each(ALL)("%s: a file's huge page is unmapped, and found to be a hole", (flavour) => {
    const walked = walk({ flavour, kind: 'file' })
    expect(walked.stores).toEqual([{ level: 3, old: THP, new: '0x0' }])
    expect(walked.named('tlbi', 'barrier')).toHaveLength(1)
    // The AGAIN of the missing table survives 6.12's none test: the PUD is tried once more.
    expect(walked.named('hole')).toHaveLength(flavour === '6.12' ? 2 : 1)
  })

  test('VM_PFNMAP is one hole, test_walk() overrules it', () => {
    const hole = 'hole -1,3221225472,43690,3223322624,43690'
    expect(pfnmap({}).lines.slice(3, -2)).toEqual([hole])
    expect(pfnmap({}, 31).lines.slice(3, -2)).toEqual([])
    expect(pfnmap({ test_walk: 0 }).named('split')).toHaveLength(1)
    expect(pfnmap({ test_walk: 1 }).lines.slice(3, -2)).toEqual([])
    expect(pfnmap({ test_walk: -5 })).toMatchObject({ ret: -5 })
    // pte_hole() that is positive ends the VMA, one that is negative the walk.
    expect(pfnmap({ err_at: 1, err: 7 }).ret).toBe(0)
    expect(pfnmap({ err_at: 1, err: -7 }).ret).toBe(-7)
  })

  test('before, between and after VMAs there are holes without a depth', () => {
    const page = { flavour: '6.17', level: 'pte', desc: '0xe8000500000f43' } as const
    const walked = walk({ ...page, start: AT - BLOCK, end: AT + 2n * BLOCK, levels: 48 })
    expect(walked.named('hole').map((line) => line.split(',')[0])).toEqual(['hole -1', 'hole -1'])
    // Empty entries of a table are called, too.
    expect(walked.named('cbEnter')).toHaveLength(512)
  })

  test('a callback that fails leaves no lock behind', () => {
    const walked = walk({ flavour: '7.3', call: { err_at: 7, err: -7 } })
    expect(walked.ret).toBe(-7)
    expect(order(walked).at(-1)).toBe('unlock "pte_ptl","spin"')
  })

  test('an entry that is neither a table nor huge is cleared, with a complaint', () => {
    const walked = walk({ flavour: '6.12', desc: '0x500000f42' })
    expect(walked.named('badEntry')).toHaveLength(1)
    expect(walked.stores).toEqual([{ level: 3, old: '0x500000f42', new: '0x0' }])
  })

  test('a block of a PUD, which is not split on arm64: tried for ever or taken for a table', () => {
    const fates = ALL.map((flavour) => {
      const { named } = walk({ flavour, level: 'pud' })
      return [named('livelock').length, named('wildDeref').length]
    })
    expect(fates).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
      [1, 0],
    ])
  })
})

/** Warnings of a walk by a caller that holds the lock in this mode. */
const warnings = (flavour: string, mmap_lock: string, call: object = {}) =>
  walk({ flavour, levels: 0, mm: { mmap_lock }, call }).named('warn').length

describe('mmap_lock', () => {
  test.each(ALL)('%s: any mode will do, or that for write, as the callbacks say', (flavour) => {
    expect(['write', 'read', 'none'].map((mode) => warnings(flavour, mode))).toEqual([0, 0, 1])
    const write = { walk_lock: 'wrlock_verify' }
    expect(['write', 'read', 'none'].map((m) => warnings(flavour, m, write))).toEqual([0, 1, 1])
    // From 6.17 on the VMA's own lock may stand in.
    const vma = { walk_lock: 'vma_rdlock_verify' }
    expect(warnings(flavour, 'none', vma)).toBe(flavour === '6.12' ? 1 : 0)
  })

  test('an empty range is -EINVAL, silently', () => {
    const walked = walk({ flavour: '6.18', call: { end: hexOf(AT) } })
    expect([walked.ret, walked.named('warn', 'hole', 'cbEnter')]).toEqual([-22, []])
  })
})

const count = (part: string, what: RegExp): number => [...part.matchAll(what)].length

describe('another top table', () => {
  const json = scenarioNamed('walk-other-pgd').json as { readonly mms: readonly object[] }

  /** Callbacks on PTEs, and warnings, of a scenario's calls. */
  function calls(flavour: string, change: object = {}) {
    const { hooks, lines } = hookLog()
    runScenario({ ...json, ...change }, { flavour, geometry: GEOMETRY }, hooks)
    const text = lines.join('\n').split('opBegin').slice(1)
    return text.map((part) => [count(part, /^cbEnter 4/gm), count(part, /^warn/gm)])
  }

  test.each(ALL)('%s: the same addresses, other entries', (flavour) => {
    expect(calls(flavour)).toEqual([
      [0, 0],
      [4, 0],
      [4, 0],
    ])
  })

  test.each(ALL)('%s: whose locks walk_page_range_debug() asserts', (flavour) => {
    const mms = [Object.assign({}, json.mms[0], { mmap_lock: 'read' })]
    const both = flavour === '6.12' || flavour === '7.3'
    expect(calls(flavour, { mms })[2]).toEqual([4, 1])
    const unlocked = { mms, features: { init_mm_locked: 0 } }
    expect(calls(flavour, unlocked)[2]).toEqual([4, both ? 2 : 1])
  })
})
