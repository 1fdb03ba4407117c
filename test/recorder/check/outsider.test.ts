import { describe, expect, test } from 'vitest'
import { checkRun, type Kind, memorySource, rulesNamed } from '@pagetrail/recorder'
import { brief, CONT, LINEAR, NG, PAGE, RO, RW, Script, TABLE, VMALLOC } from './script.ts'

/** Verdicts that were wrong or said too much on runs that an outsider wrote by hand, by their kind. */

const table = (leaf: bigint) =>
  new Script().init('pmd', VMALLOC, TABLE).init('pte', VMALLOC, leaf, 2)

/** All are issued before the one dsb that completes them. */
const unlink = (insn: string, pages: readonly bigint[]) => {
  const s = table(RW).begin('f', VMALLOC).write('pmd', VMALLOC, TABLE, 0n)
  s.add('dsb', { scope: 'ishst' })
  for (const page of pages) s.tlbi(VMALLOC + page * PAGE, 1, insn)
  return s.add('dsb', { scope: 'ish' }).add('isb', {}).end('f').check('flush-never')
}

describe('a table that was taken out, and one TLBI for each of its pages', () => {
  test('each takes the table along, and so its page', () => {
    expect(unlink('vaae1is', [0n, 1n])).toEqual([])
    expect(unlink('vaae1is', [1n, 0n])).toEqual([])
  })

  test('near miss: a page without its own, or instructions that leave the walk cache', () => {
    expect(brief(unlink('vaae1is', [0n]))).toEqual(['H4 error 3'])
    expect(brief(unlink('vaale1is', [0n, 1n]))).toEqual(['H4 error 3'])
  })
})

describe('APTable of a table that is in use', () => {
  const READ_ONLY_TABLE = TABLE | (1n << 62n)
  const limit = (leaf: bigint) => {
    const s = table(leaf).begin('f', VMALLOC).write('pmd', VMALLOC, TABLE, READ_ONLY_TABLE)
    return s.barrier().end('f').check('flush-never')
  }

  test('takes the permission of its pages, which must be flushed', () => {
    expect(brief(limit(RW))).toEqual(['H4 error 3'])
  })

  test('near miss: pages that had none, and those that map nothing', () => {
    expect(limit(RO)).toEqual([])
    expect(limit(RW & ~1n)).toEqual([])
  })
})

const at = (page: bigint) => VMALLOC + page * PAGE

/** One member of a span is made read-only and flushed, others are emptied. */
const change = (members: readonly bigint[], emptied: readonly bigint[] = []) => {
  const s = new Script()
  for (const m of members) s.init('pte', at(m), (RW + m * PAGE) | CONT)
  s.begin('f', at(3n)).write('pte', at(3n), (RW + 3n * PAGE) | CONT, (RO + 3n * PAGE) | CONT)
  for (const m of emptied) s.write('pte', at(m), (RW + m * PAGE) | CONT, 0n)
  return s.flush(at(3n), at(4n)).tlbi(at(3n)).end('f').check('flush-never')
}

test('of a contiguous span only the members that there are can be stale', () => {
  expect(change([3n])).toEqual([])
  expect(change([3n, 4n], [4n])).toHaveLength(1)
})

const enable = (to: bigint, features: { readonly [name: string]: boolean }, flavour = '7.3') => {
  const s = new Script({ flavour, features }).init('pte', VMALLOC, (RW | NG) & ~1n)
  s.begin('set_memory_valid', VMALLOC, 1, { enable: 1 })
  s.change('pte', VMALLOC, (RW | NG) & ~1n, to)
  return s.barrier().end('set_memory_valid').check('silent-no-op').length
}

describe('nG of what set_memory_valid() makes valid on 7.3', () => {
  test('under KPTI the page stays not global, else it becomes global', () => {
    expect(enable(RW | NG, { ng_mappings: true })).toBe(0)
    expect(enable(RW, { ng_mappings: true })).toBe(1)
    expect(enable(RW, { ng_mappings: false })).toBe(0)
    expect(enable(RW | NG, { ng_mappings: false })).toBe(1)
    // Earlier versions leave the bit alone.
    expect(enable(RW | NG, { ng_mappings: false }, '6.18')).toBe(0)
  })
})

const SHARED = 1n << 47n

const recode = (fn: string, from: bigint, to: bigint, ipa_bits = 48) => {
  const features = { realm: true, ipa_bits, ng_mappings: false }
  const s = new Script({ flavour: '6.18', features }).init('pte', LINEAR, from)
  s.begin(fn, LINEAR).walk(LINEAR, LINEAR + PAGE)
  s.change('pte', LINEAR, from, to & ~1n).walked()
  s.flush(LINEAR, LINEAR + PAGE).tlbi(LINEAR)
  s.walk(LINEAR, LINEAR + PAGE)
    .change('pte', LINEAR, to & ~1n, to)
    .walked()
  return s.barrier().end(fn).check('silent-no-op').length
}

describe("a Realm's memory", () => {
  test('is shared, and private again, by the highest bit of its addresses', () => {
    expect(recode('set_memory_decrypted', RW, RW | SHARED)).toBe(0)
    expect(recode('set_memory_encrypted', RW | SHARED, RW)).toBe(0)
    expect(recode('set_memory_decrypted', RW, RW)).toBe(1)
    expect(recode('set_memory_encrypted', RW | SHARED, RW | SHARED)).toBe(1)
    // Another bit than that of this width.
    expect(recode('set_memory_decrypted', RW, RW | SHARED, 44)).toBe(1)
  })
})

const shows = (...kinds: readonly string[]) => {
  const run = {
    id: 1,
    label: 'some',
    source: 'jsonl' as const,
    state: 'complete' as const,
    flavour: '7.3',
    kernel: null,
    scenario: null,
    geometry: { pageShift: 12, vaBits: 48, levels: 4 },
    facts: { shows: [...kinds] },
    t0: null,
    created: 0,
    events: 0,
    calls: 0,
    lost: 0,
  }
  const { verdicts } = checkRun(memorySource(run, []), rulesNamed(undefined))
  return new Map(verdicts.map(({ rule, status }) => [rule, status]))
}

describe('a run that does not show', () => {
  test('calls, walks, WARNs or accesses is not clean of what they do', () => {
    const calls = ['op_begin', 'op_end']
    const walks = ['walk_begin', 'walk_end', 'cb_enter', 'cb_exit']
    const all = [...calls, ...walks, 'warn', 'desc_write', 'tlb_flush', 'access']
    const without = (...kinds: string[]) => shows(...all.filter((kind) => !kinds.includes(kind)))
    for (const rule of ['flush-missing', 'silent-no-op', 'unasked-change', 'ignored-error']) {
      expect([rule, shows(...all).get(rule)]).toEqual([rule, 'clean'])
      expect([rule, without('op_begin', 'op_end').get(rule)]).toEqual([rule, 'undecided'])
    }
    for (const rule of ['ignored-error', 'walk-unlocked']) {
      expect([rule, without('walk_begin', 'walk_end').get(rule)]).toEqual([rule, 'undecided'])
    }
    for (const [rule, ...kinds] of [
      ['tlb-conflict', 'access'],
      ['stale-access', 'access'],
      ['spurious-fault', 'access'],
      ['wild-walk', 'cb_enter'],
      ['boot-window', 'op_end'],
    ] as const) {
      expect([rule, shows(...all).get(rule)]).toEqual([rule, 'clean'])
      expect([rule, without(...kinds).get(rule)]).toEqual([rule, 'undecided'])
    }
  })
})

/** Whether the rule decides, and how many findings it has. */
const status = (s: Script) => {
  const { verdicts, findings } = s.report('materialised-entry')
  return [verdicts[0]!.status, findings.length]
}

describe('a store to an empty entry by a call whose callbacks are not shown', () => {
  const kinds: readonly Kind[] = [
    'op_begin',
    'op_end',
    'init',
    'desc_write',
    'split',
    'dsb',
    'barrier',
    'tlb_flush',
  ]
  const BLOCK = 0x20_0000n
  const RW_BLOCK = 0xe8_0006_0000_0701n
  const inCall = (fn: string, args = {}) =>
    new Script({ shows: kinds }).init('pmd', VMALLOC, TABLE).begin(fn, VMALLOC, 1, args)

  test('is judged by the call, where that is one that changes permissions', () => {
    expect(
      status(inCall('set_memory_ro').write('pte', VMALLOC, 0n, 0x80n).end('set_memory_ro')),
    ).toEqual(['found', 1])
    expect(
      status(inCall('set_memory_ro').write('pte', VMALLOC, RW, RO).end('set_memory_ro')),
    ).toEqual(['clean', 0])
    // Who maps pages fills entries; it may as well be a walker's callback that should not.
    expect(status(inCall('vmap').write('pte', VMALLOC, 0n, RW).end('vmap'))).toEqual([
      'undecided',
      0,
    ])
  })

  test('near miss: the table of a split, before it is linked', () => {
    const s = new Script({ shows: kinds }).init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK)
    s.begin('set_memory_ro', VMALLOC).write('pte', VMALLOC, 0n, RW).add('dsb', { scope: 'ishst' })
    expect(status(s.write('pmd', VMALLOC, RW_BLOCK, TABLE).end('set_memory_ro'))).toEqual([
      'clean',
      0,
    ])
  })
})

/** What the rules say of a page that is made read-only and flushed like this. */
const flushed = (shown: readonly Kind[], flush: (s: Script) => Script) => {
  const s = new Script({ shows: shown }).init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
  flush(s.write('pte', VMALLOC, RW, RO)).end('set_memory_ro')
  return s.report('flush-missing', 'flush-never').verdicts.map((verdict) => verdict.status)
}
const byHand = (s: Script) => s.tlbi(VMALLOC)
const byFunction = (s: Script) => s.flush(VMALLOC, VMALLOC + PAGE).tlbi(VMALLOC)

test('TLBIs of which no dsb is shown may have ended: nothing is decided of them', () => {
  const kinds: readonly Kind[] = ['init', 'op_begin', 'op_end', 'desc_write', 'tlbi', 'tlb_flush']
  expect(flushed(kinds, byHand)).toEqual(['undecided', 'undecided'])
  expect(flushed([...kinds, 'dsb'], byHand)).toEqual(['found', 'clean'])
  expect(flushed(kinds, (s) => s)).toEqual(['found', 'clean'])
  // A function's own barriers need not be shown.
  expect(flushed(kinds, byFunction)).toEqual(['clean', 'clean'])
})

const inCapture = (rule: string, tell: (s: Script) => Script) => {
  const s = new Script({ source: 'ftrace' }).begin('set_memory_valid', VMALLOC, 1, { enable: 1 })
  const { verdicts } = tell(s).end('set_memory_valid').report(rule)
  return verdicts[0]?.status
}
const makesValid = (s: Script) => s.change('pte', VMALLOC, RW & ~1n, RW)

describe('a capture that never shows', () => {
  test('an enter of lazy MMU mode, but leaves, had no probe for it', () => {
    expect(inCapture('lazy-unbalanced', (s) => s.lazyLeave().lazyLeave())).toBe('undecided')
    expect(inCapture('lazy-unbalanced', (s) => s.lazyEnter())).toBe('undecided')
    expect(inCapture('lazy-unbalanced', (s) => s.lazyEnter().lazyLeave().lazyLeave())).toBe('found')
  })

  test('a dsb, but isb, had no probe for it', () => {
    expect(inCapture('barrier-missing', (s) => makesValid(s).add('isb', {}))).toBe('undecided')
    expect(
      inCapture('barrier-missing', (s) =>
        makesValid(s.add('dsb', { scope: 'ishst' })).add('isb', {}),
      ),
    ).toBe('found')
  })
})

/** A whole contiguous span becomes pages like this, with BBML2. */
const unfold = (to: bigint) => {
  const s = new Script({ features: { bbml: true } })
  for (let i = 0n; i < 16n; i++) s.init('pte', VMALLOC + i * PAGE, (RW + i * PAGE) | CONT)
  s.begin('f', VMALLOC)
  for (let i = 0n; i < 16n; i++)
    s.write('pte', VMALLOC + i * PAGE, (RW + i * PAGE) | CONT, to + i * PAGE)
  return s.end('f').check('break-before-make').length
}

test('with BBML2 a contiguous bit goes live, but not together with a permission', () => {
  expect(unfold(RW)).toBe(0)
  expect(unfold(RO)).toBe(1)
})

const failed = (s: Script) => s.end('set_memory_ro', -22).check('half-changed')

const changing = () => {
  const s = new Script().init('pte', VMALLOC, RW, 3).begin('set_memory_ro', VMALLOC, 3)
  for (let i = 0n; i < 2n; i++) s.change('pte', VMALLOC + i * PAGE, RW + i * PAGE, RO + i * PAGE)
  return s
}

const undo = (s: Script, page: bigint) =>
  s.change('pte', VMALLOC + page * PAGE, RO + page * PAGE, RW + page * PAGE)

const HUGE_PAGE = 0xe8_0006_0000_0701n

const split = (piece: bigint) => {
  const s = new Script().init('pmd', VMALLOC, HUGE_PAGE, 1, 0x20_0000n).begin('f', VMALLOC)
  s.write('pmd', VMALLOC, HUGE_PAGE, (HUGE_PAGE | NG) & ~1n)
  for (let i = 0n; i < 512n; i++) s.write('pte', VMALLOC + i * PAGE, 0n, piece + i * PAGE)
  s.write('pmd', VMALLOC, (HUGE_PAGE | NG) & ~1n, TABLE)
  return s.end('f', -5).check('half-changed').length
}

describe('what a call that fails has left changed', () => {
  test('is not what it has undone', () => {
    expect(failed(changing())[0]?.message).toContain('2 entries stay changed')
    expect(failed(undo(changing(), 0n))[0]?.message).toContain(
      'but 1 entry stays changed: [0xffff8000c0001000, 0xffff8000c0002000)',
    )
    expect(failed(undo(undo(changing(), 0n), 1n))).toEqual([])
    expect(failed(undo(undo(changing(), 1n), 0n))).toEqual([])
  })

  test('nor a block that became its pages by way of invalid', () => {
    expect(split(HUGE_PAGE | 2n)).toBe(0)
    expect(split(HUGE_PAGE | 2n | 0x80n)).toBe(1)
  })
})
