import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { AUX, Batch, NEW, OLD, SIZE, VA } from '../../../packages/recorder/src/event/batch.ts'

const MASK = (1n << 64n) - 1n
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: MASK }),
  fc.constantFrom(0n, 1n, MASK, 1n << 63n, 0xffff_8000_8000_0000n, 0xe8_0000_41a8_3783n, 1n << 53n),
)
const halves = (value: bigint) => [Number(value & 0xffff_ffffn), Number(value >> 32n)] as const

test('what is bound to a statement is the signed value, to the last bit', () => {
  const batch = new Batch(1)
  const i = batch.row(8, 0)
  fc.assert(
    fc.property(u64, (value) => {
      batch.setWord(i, NEW, ...halves(value))
      expect(batch.long(i, NEW)).toBe(BigInt.asIntN(64, value))
      expect(BigInt(batch.bindable(i, NEW) ?? NaN)).toBe(BigInt.asIntN(64, value))
    }),
  )
})

test('a range is kept as its size, modulo 2^64', () => {
  const batch = new Batch(1)
  const i = batch.row(3, 0)
  fc.assert(
    fc.property(u64, u64, (va, end) => {
      batch.setRange(i, ...halves(va), ...halves(end))
      const [start, size] = [batch.long(i, VA) ?? 0n, batch.long(i, SIZE) ?? 0n]
      expect(BigInt.asUintN(64, start + size)).toBe(end)
    }),
  )
})

test('a kernel address is bound as a number, a descriptor with high bits as a bigint', () => {
  const batch = new Batch(1)
  const i = batch.row(8, 0)
  batch.setLong(i, VA, 0xffff_8000_8000_0000n)
  batch.setLong(i, OLD, 0xe8_0000_41a8_3783n)
  expect(batch.bindable(i, VA)).toBe(-0x7fff_8000_0000)
  expect(batch.bindable(i, OLD)).toBe(0xe8_0000_41a8_3783n)
  expect(batch.bindable(i, AUX)).toBeNull()
})

test('a level that does not exist is not recorded', () => {
  const batch = new Batch(1)
  const i = batch.row(8, 0)
  expect(() => batch.setLevel(i, 7)).toThrow('no page-table level 7')
})

test('a cleared batch holds nothing of the events before', () => {
  const batch = new Batch(2)
  batch.setLong(batch.row(8, 3), AUX, MASK)
  batch.setRet(batch.row(2, 1), -22)
  batch.clear()
  const i = batch.row(15, 0)
  const rest = [VA, SIZE, OLD, NEW, AUX].map((column) => batch.long(i, column))
  expect(rest).toEqual([null, null, null, null, null])
  expect([batch.ret[i], batch.hasRet[i], ...batch.words]).toEqual(
    Array.from({ length: 22 }, () => 0),
  )
})
