import { describe, expect, test } from 'vitest'
import { brief, LINEAR, PAGE, RO, RW, Script, TABLE, VMALLOC } from '../script.ts'

type Outcome = 'ok' | 'fault' | 'conflict'
const access = (
  s: Script,
  outcome: Outcome,
  stale: boolean,
  mode: 'read' | 'write' | 'exec' = 'write',
) => s.add('access', { mode, va: VMALLOC, outcome, stale })

describe('tlb-conflict', () => {
  test('two entries for one address', () => {
    expect(brief(access(new Script(), 'conflict', false).check('tlb-conflict'))).toEqual([
      'H3 error 0',
    ])
  })

  test('near miss: an access that is merely answered by an old entry', () => {
    expect(access(new Script(), 'ok', true).check('tlb-conflict')).toEqual([])
  })
})

const change = () =>
  new Script()
    .init('pte', VMALLOC, RW)
    .begin('set_memory_ro', VMALLOC)
    .change('pte', VMALLOC, RW, RO)

describe('stale-access', () => {
  test('by a version that a flush has ended', () => {
    const s = change()
      .flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
      .end('set_memory_ro')
      .on(1)
    expect(brief(access(s, 'ok', true).check('stale-access'))).toEqual(['H4 error 8'])
  })

  test('a fault that the tables do not give, because nobody flushed', () => {
    const s = new Script().init('pte', VMALLOC, RO).begin('set_memory_rw', VMALLOC)
    s.change('pte', VMALLOC, RO, RW).end('set_memory_rw').on(1)
    expect(brief(access(s, 'fault', true).check('stale-access'))).toEqual(['H4 error 3,6'])
  })

  test('after a call without its flush it is a note: the error is the call', () => {
    const s = change().end('set_memory_ro').on(1)
    expect(brief(access(s, 'ok', true).check('stale-access'))).toEqual(['H4 note 3,6'])
  })

  test('between store and flush it is only a note: so it works', () => {
    const s = access(change().on(1), 'ok', true).on(0)
    s.flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
      .end('set_memory_ro')
    expect(brief(s.check('stale-access'))).toEqual(['H4 note 3,5'])
  })

  test('near miss: answered by the tables', () => {
    expect(access(change(), 'ok', false).check('stale-access')).toEqual([])
  })
})

const fault = (desc: bigint, mode: 'read' | 'write' | 'exec') =>
  access(new Script().init('pte', VMALLOC, desc), 'fault', false, mode).check('spurious-fault')

describe('spurious-fault', () => {
  test('a fault though the entry allows the access', () => {
    expect(brief(fault(RW, 'write'))).toEqual(['H5 error 1'])
    expect(fault(RW & ~(1n << 53n), 'exec')).toHaveLength(1)
  })

  test('near miss: the entry lay in a table that was freed, and a new one is empty', () => {
    const s = new Script()
      .init('pmd', VMALLOC, TABLE)
      .init('pte', VMALLOC, RW)
      .change('pmd', VMALLOC, TABLE, 0n)
      .add('table_free', { level: 'pte', va: VMALLOC, pa: 0x14_0600_0000n })
      .add('table_alloc', { level: 'pte', va: VMALLOC, pa: 0x14_0700_0000n })
      .change('pmd', VMALLOC, 0n, TABLE + 0x100_0000n)
    expect(access(s, 'fault', false).check('spurious-fault')).toEqual([])
  })

  test('near miss: the barrier of the entry is not due yet, or its access flag is clear', () => {
    const s = new Script().init('pte', VMALLOC, RW & ~1n)
    s.begin('set_memory_valid', VMALLOC, 1, { enable: 1 }).change('pte', VMALLOC, RW & ~1n, RW)
    const found = access(s.on(1), 'fault', false).check('spurious-fault')
    expect(brief(found)).toEqual(['H5 note 3,5'])
    expect(fault(RW & ~(1n << 10n), 'write')).toEqual([])
  })

  test('near miss: the entry forbids it, or is invalid, or there is none', () => {
    expect(fault(RO, 'write')).toEqual([])
    expect(fault(RW, 'exec')).toEqual([])
    expect(fault(RW & ~1n, 'read')).toEqual([])
    expect(
      access(new Script().init('pte', LINEAR, RW), 'fault', false).check('spurious-fault'),
    ).toEqual([])
  })
})
