import { createGeometry, type Geometry, physHi, physLo } from '@pagetrail/engine'
import { decodeDescriptor } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

const RW = 0x68_0000_4000_0703n
const RO = 0x60_0000_4000_0783n

const field = (fields: ReturnType<typeof decodeDescriptor>, name: string) =>
  fields.find((f) => f.name === name)

test('a store is told bit by bit, with what the new value means', () => {
  const fields = decodeDescriptor(RW, RO, 'pte', null)
  expect(fields.filter((f) => f.changed)).toEqual([
    { name: 'RDONLY', bits: '7', old: '0', new: '1', changed: true, meaning: 'read-only' },
    { name: 'DBM', bits: '51', old: '1', new: '0', changed: true, meaning: 'not writable' },
  ])
  expect(field(fields, 'SH')?.meaning).toBe('inner')
  expect(field(fields, 'USER')).toBeUndefined()
})

test('a table has other bits; NG of an invalid entry is PTE_PRESENT_INVALID', () => {
  const table = decodeDescriptor(null, 0x1800_0014_0600_0403n, 'pmd', null)
  expect(field(table, 'PXNTable')?.new).toBe('1')
  expect(field(table, 'next table')?.new).toBe('1406000000')
  expect(field(table, 'AttrIndx')).toBeUndefined()
  const invalid = decodeDescriptor(RW, (RW & ~1n) | (1n << 11n), 'pte', null)
  expect(field(invalid, 'type')).toMatchObject({ old: 'page', new: 'present-invalid' })
  expect(field(invalid, 'PRESENT_INVALID')).toMatchObject({ old: '0', new: '1' })
  expect(decodeDescriptor(null, null, 'pte', null)).toEqual([])
})

const PA = 0xa_4567_8000_0000

test.each([
  ['plain', { page_shift: 12, va_bits: 48 }, 0x4567_8000_0000, '49:12', true],
  ['pa52-64k', { page_shift: 16, va_bits: 52, pa_bits: 52 }, PA, '49:16,15:12', true],
  ['lpa2', { page_shift: 12, va_bits: 52 }, PA, '49:12,9:8', false],
] as const)('the output address of the encoding %s', (encoding, choice, pa, bits, shared) => {
  const geometry: Geometry = createGeometry(choice)
  expect(geometry.encoding).toBe(encoding)
  const lo = BigInt(physLo(geometry, pa)) | 3n
  const desc = (BigInt(physHi(geometry, pa)) << 32n) | lo
  const fields = decodeDescriptor(null, desc, 'pte', geometry)
  expect(field(fields, 'address')).toMatchObject({ bits, new: pa.toString(16) })
  expect(field(fields, 'SH') !== undefined).toBe(shared)
})
