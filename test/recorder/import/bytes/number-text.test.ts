import { expect, test } from 'vitest'

import {
  readDigits,
  readNumber,
} from '../../../../packages/recorder/src/import/bytes/number-text.ts'

const oneValue = () => ({ lo: new Uint32Array(1), hi: new Uint32Array(1) })

const read = (text: string): bigint | null => {
  const bytes = new TextEncoder().encode(` ${text} `)
  const to = oneValue()
  const ok = readNumber(bytes, 1, bytes.length - 1, to, 0)
  return ok ? (BigInt(to.hi[0]!) << 32n) | BigInt(to.lo[0]!) : null
}

const U64 = (value: bigint): bigint => BigInt.asUintN(64, value)

test.each([
  ['0', 0n],
  ['0x0', 0n],
  ['0xe000004833c787', 0xe000004833c787n],
  ['0xffffffffffffffff', U64(-1n)],
  ['0xFFFF80007a114000', 0xffff80007a114000n],
  ['1469', 1469n],
  ['-22', U64(-22n)],
  ['-4294967297', U64(-4294967297n)],
  ['18446744073709551615', U64(-1n)],
  ['-9223372036854775808', 1n << 63n],
])('%s is read bit by bit', (text, value) => {
  expect(read(text)).toBe(value)
})

test.each([
  '',
  '-',
  '0x',
  '0xg',
  '12a',
  'a',
  '1 2',
  '--1',
  '0x12345678901234567',
  '18446744073709551616',
  '-9223372036854775809',
  '111111111111111111111',
  '+1',
  '0X1',
])('%j is no number', (text) => {
  expect(read(text)).toBeNull()
})

test.each([
  ['0xffff80008003af78 ret=0', 18],
  ['-22,', 3],
  ['7', 1],
  ['0x', -1],
  ['x', -1],
  ['1234567890123456', -1],
])('the digits of %j end at %d', (text, end) => {
  const bytes = new TextEncoder().encode(text)
  expect(readDigits(bytes, 0, bytes.length, oneValue(), 0)).toBe(end)
})
