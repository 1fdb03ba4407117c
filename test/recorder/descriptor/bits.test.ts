import { createGeometry, GEOMETRIES, type Geometry, LEVEL_NAMES } from '@pagetrail/engine'
import {
  bitFields,
  type BitRole,
  decodeDescriptor,
  descriptorText,
  type EntryKind,
  fieldMask,
  outputAddress,
  runGeometry,
  withoutAddress,
} from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { leadsToTable, memoryTypeOf } from '../../../packages/recorder/src/descriptor/bits.ts'
import { SAMPLE_RUN } from '../../support/sample-run.ts'

const geometries: readonly [name: string, geometry: Geometry | null][] = [
  ['unknown', null],
  ...GEOMETRIES.map((choice) => [createGeometry(choice).name, createGeometry(choice)] as const).map(
    ([name, geometry]): [string, Geometry] => [name, geometry],
  ),
  ['64k-52 with 52-bit PA', createGeometry({ page_shift: 16, va_bits: 52, pa_bits: 52 })],
  ['4k-52@48', createGeometry({ page_shift: 12, va_bits: 52, va_bits_actual: 48 })],
  ['16k-52@47', createGeometry({ page_shift: 14, va_bits: 52, va_bits_actual: 47 })],
]

describe.each(['leaf', 'table'] as const)('a %s', (kind: EntryKind) => {
  test.each(geometries)('of %s: all 64 bits, each once, each name once', (_, geometry) => {
    const fields = bitFields(kind, geometry)
    let seen = 0n
    for (const field of fields) {
      expect(fieldMask(field) & seen, field.name).toBe(0n)
      seen |= fieldMask(field)
    }
    expect(seen).toBe((1n << 64n) - 1n)
    expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length)
  })
})

/** AF = 0 and SH = 0b10: bits 9:8 and not 10:9. */
test.each([
  [0n, 'page 0x40000000 rw- normal DBM PXN UXN'],
  [1n, 'page 0x40000000 rw- normal SH1 DBM PXN UXN'],
  [2n, 'page 0x40000000 rw- normal OSH DBM PXN UXN'],
  [3n, 'page 0x40000000 rw- normal ISH DBM PXN UXN'],
  [4n, 'page 0x40000000 rw- normal AF DBM PXN UXN'],
  [6n, 'page 0x40000000 rw- normal OSH AF DBM PXN UXN'],
])('AF and SH of bits 10:8 = %d', (bits, text) => {
  const desc = 0x68_0000_4000_0003n | (bits << 8n)
  expect(descriptorText(desc, 'pte', null)).toBe(text)
  const fields = decodeDescriptor(null, desc, 'pte', null)
  expect(fields.find(({ name }) => name === 'SH')?.new).toBe(String(bits & 3n))
})

test('a bit that neither kernel nor architecture uses is shown by its number, not hidden', () => {
  const geometry = createGeometry({ page_shift: 14, va_bits: 47 })
  expect(descriptorText(0x68_0000_4000_2703n, 'pte', geometry)).toBe(
    'page 0x40000000 rw- normal ISH AF BIT13 DBM PXN UXN',
  )
  expect(descriptorText((1n << 55n) | 0x4000_0403n, 'pmd', null)).toBe('table 0x40000000 AF BIT55')
})

const named = (role: BitRole) =>
  bitFields('leaf', null)
    .filter((field) => field.role === role)
    .map(({ name }) => name)

test('what is how an entry is built, what only software reads; everything else is what it does', () => {
  expect(named('shape')).toEqual(['TYPE', 'CONT'])
  expect(named('software')).toEqual(['DIRTY', 'SPECIAL', 'DEVMAP', 'UFFD_WP', 'SW63'])
  expect(named('address')).toEqual(['address'])
  expect(named('attribute')).toContain('RDONLY')
})

test('bits 9:8 are address bits only while LPA2 is active', () => {
  const desc = 0xe8_0000_0012_3703n
  const lpa2 = createGeometry({ page_shift: 12, va_bits: 52 })
  const folded = createGeometry({ page_shift: 12, va_bits: 52, va_bits_actual: 48 })
  expect(outputAddress(desc, lpa2)).toBe(0xc_0000_0012_3000n)
  expect(withoutAddress(desc, lpa2)).toBe(0xe8_0000_0000_0403n)
  expect(outputAddress(desc, folded)).toBe(0x12_3000n)
  expect(descriptorText(desc, 'pte', folded)).toContain('ISH')
})

test('a run says of its geometry what has no column in facts', () => {
  const run = { ...SAMPLE_RUN, geometry: { pageShift: 16, vaBits: 52, levels: 3 } }
  expect(runGeometry({ ...run, facts: {} })?.encoding).toBe('plain')
  const wide = { ...run, geometry: { ...run.geometry }, facts: { pa_bits: 52 } }
  expect(runGeometry(wide)?.encoding).toBe('pa52-64k')
  const narrow = { ...run, geometry: { pageShift: 12, vaBits: 52, levels: 5 } }
  expect(runGeometry({ ...narrow, facts: { va_bits_actual: 48 } })?.lpa2Active).toBe(false)
})

test('AttrIndx has three bits: the kernel names five of its eight memory types', () => {
  const types = Array.from({ length: 8 }, (_, index) => memoryTypeOf(BigInt(index) << 2n).name)
  expect(types).toEqual([
    'NORMAL',
    'NORMAL_TAGGED',
    'NORMAL_NC',
    'DEVICE_nGnRnE',
    'DEVICE_nGnRE',
    'attr5',
    'attr6',
    'attr7',
  ])
  // What stands beside the index says nothing of it.
  expect(memoryTypeOf(~(7n << 2n)).name).toBe('NORMAL')
})

test('type 3 leads to a table above the last level, in no span of pages, and nowhere if no level is known', () => {
  const leading = LEVEL_NAMES.filter((level) => leadsToTable(level, 0b11))
  expect(leading).toEqual(['pgd', 'p4d', 'pud', 'pmd', 'contpmd'])
  expect(leadsToTable(null, 0b11)).toBe(false)
  expect([0b00, 0b01, 0b10].some((lo) => leadsToTable('pmd', lo))).toBe(false)
})
