import { describe, expect, test } from 'vitest'

import { imported, lines } from '../imported.ts'

const PTE = 'pte=0xffff000003763390'
const A = 'addr=0xffff80007a114000'

const stored = (after: string, returned: string, between: readonly string[] = []) =>
  imported(
    lines(
      `pageattr_pte_entry: (x) ${PTE} ${A} val=0x68000047f83703 set=0x80 clear=0x0`,
      `pageattr_pte_entry_store: (x) ${PTE} before=0x68000047f83703 after=${after}`,
      ...between,
      `pageattr_pte_entry_ret: (x) ${PTE} ${A} val=${returned} ret=0`,
    ),
  ).events

const passedOn = (outer: string, inner: string) =>
  imported(
    lines(
      `change_memory_common: (x) ${A} ${outer}`,
      `update_range_prot: (x) start=0xffff80007a114000 size=0x1000 ${inner}`,
    ),
  ).events.map(({ kind }) => kind)

const cleared = (clear: string) =>
  imported(
    lines(
      `pageattr_pte_entry: (x) ${PTE} ${A} val=0xe0000043714783 set=0x1 clear=${clear}`,
      `pageattr_pte_entry_store: (x) ${PTE} before=0xe0000043714783 after=0xe0000043714703`,
    ),
  ).events.map(({ kind }) => kind)

describe('digits that a line has lost', () => {
  test('a store that the return of its callback contradicts is not known, and a gap says so', () => {
    const [, write, gap, exit] = stored('0x68000047f', '0x68000047f83783')
    expect([write, gap, exit]).toMatchObject([
      { kind: 'desc_write', old: 0x68000047f83703n, new: null },
      { kind: 'gap', reason: 'pageattr_pte_entry returned with another value than it stored' },
      { kind: 'cb_exit', val: 0x68000047f83783n },
    ])
  })

  test('near misses: they agree, and another store came between', () => {
    const write = { kind: 'desc_write', new: 0x68000047f83783n }
    expect(stored('0x68000047f83783', '0x68000047f83783')[1]).toMatchObject(write)
    const other = 'pageattr_pmd_entry_store: (x) pmd=0x1 before=0x0 after=0x1'
    const kept = stored('0x68000047f83783', '0x68000047f83703', [other])
    expect(kept.map(({ kind }) => kind)).toEqual([
      'cb_enter',
      'desc_write',
      'desc_write',
      'cb_exit',
    ])
    expect(kept[1]).toMatchObject(write)
  })

  test('masks of which one is the beginning of what the caller was called with', () => {
    const lost = ['span_begin', 'span_begin', 'gap', 'gap', 'gap']
    expect(passedOn('set=0x80 clear=0x8000000000000', 'set=0x80 clear=0x800')).toEqual(lost)
    expect(passedOn('set=0x0 clear=0x2', 'set=0x0 clear=0x20000000000000')).toEqual(lost)
  })

  test('a mask that explains what was stored only with digits that it has lost', () => {
    expect(cleared('0x8')).toEqual(['cb_enter', 'gap', 'desc_write', 'gap'])
    expect(cleared('0x80')).toEqual(['cb_enter', 'desc_write', 'gap'])
    expect(cleared('0x1')).toEqual(['cb_enter', 'desc_write', 'gap'])
  })

  test('near miss: other masks are what the kernel did', () => {
    const kept = ['span_begin', 'span_begin', 'gap', 'gap']
    expect(passedOn('set=0x80 clear=0x8000000000000', 'set=0x80 clear=0x0')).toEqual(kept)
    expect(passedOn('set=0x80 clear=0x1', 'set=0x80 clear=0x8')).toEqual(kept)
  })
})
