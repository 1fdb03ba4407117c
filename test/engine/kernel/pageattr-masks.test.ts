import { describe, expect, test } from 'vitest'

import { FLAVOURS, bits, createMachine, masksFor, ownMasks, union } from '@pagetrail/engine'
import type { Change, Cpu, Words } from '@pagetrail/engine'

function cpuOf(flavour: string, features = {}): Cpu {
  return createMachine({ flavour, geometry: { page_shift: 12, va_bits: 48 }, features }).cpu(0)
}

const NOTHING = bits()
const OLD = FLAVOURS.map((f) => f.name).filter((name) => name !== '7.3')

/** Call, then set and clear of the versions before 7.3, and of 7.3. */
const TABLE: readonly (readonly [Change, Words, Words, Words, Words])[] = [
  ['ro', bits('RDONLY'), bits('DBM'), bits('RDONLY'), bits('DBM')],
  ['rw', bits('DBM'), bits('RDONLY'), bits('DBM'), bits('RDONLY')],
  ['nx', bits('PXN'), NOTHING, bits('PXN'), NOTHING],
  ['x', NOTHING, bits('PXN'), NOTHING, bits('PXN')],
  ['valid', bits('VALID'), NOTHING, bits('VALID'), bits('NG')],
  ['invalid', NOTHING, bits('VALID'), bits('NG'), bits('VALID')],
  ['default', bits('VALID', 'DBM'), bits('RDONLY'), bits('VALID', 'DBM'), bits('NG', 'RDONLY')],
]

describe('masks', () => {
  test.each(TABLE)('%s', (change, oldSet, oldClear, set, clear) => {
    for (const name of OLD) {
      expect(masksFor(cpuOf(name), change)).toMatchObject({ set: oldSet, clear: oldClear })
    }
    expect(masksFor(cpuOf('7.3'), change)).toMatchObject({ set, clear })
  })

  test('guarded pages follow the execute permission if the kernel has BTI', () => {
    const cpu = cpuOf('6.18', { bti_kernel: true })
    expect(masksFor(cpu, 'nx')).toMatchObject({ set: bits('PXN'), clear: bits('GP') })
    expect(masksFor(cpu, 'x')).toMatchObject({ set: bits('GP'), clear: bits('PXN') })
  })

  test('under KPTI 7.3 keeps NG through invalid and valid', () => {
    const cpu = cpuOf('7.3', { ng_mappings: true })
    expect(masksFor(cpu, 'valid')).toMatchObject({ set: bits('VALID', 'NG'), clear: bits('NG') })
    expect(masksFor(cpu, 'invalid')).toMatchObject({ set: bits('NG'), clear: bits('VALID', 'NG') })
    const old = masksFor(cpuOf('6.18', { ng_mappings: true }), 'valid')
    expect(old).toMatchObject({ set: bits('VALID'), clear: NOTHING })
  })
})

const elided = (name: string, set: Words, clear: Words, features = {}): boolean =>
  ownMasks(cpuOf(name, features), set, clear).flushElided

describe('the flush is elided', () => {
  test('never in 6.12, after enabling only from 6.17 on', () => {
    const names = FLAVOURS.map((f) => f.name)
    const after = (change: Change) => names.filter((n) => masksFor(cpuOf(n), change).flushElided)
    expect(after('valid')).toEqual(['6.17', 'seed-v1', '6.18', '7.3'])
    for (const change of ['ro', 'rw', 'nx', 'x', 'invalid', 'default'] as const) {
      expect(after(change)).toEqual([])
    }
  })

  test('by the whole masks: one bit more and it is not', () => {
    const valid = bits('VALID')
    expect(elided('6.18', valid, NOTHING)).toBe(true)
    expect(elided('6.18', union(valid, bits('DBM')), NOTHING)).toBe(false)
    expect(elided('6.18', valid, bits('NG'))).toBe(false)
    expect(elided('7.3', valid, bits('NG'))).toBe(true)
    expect(elided('7.3', valid, NOTHING)).toBe(false)
    expect(elided('7.3', valid, bits('NG'), { ng_mappings: true })).toBe(false)
    expect(elided('7.3', bits('VALID', 'NG'), bits('NG'), { ng_mappings: true })).toBe(true)
  })
})
