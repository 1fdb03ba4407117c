import { regionsOf, type Run } from '@pagetrail/recorder'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { registerFunctions } from '../../../packages/recorder/src/sql/functions.ts'
import { SAMPLE_RUN } from '../../support/sample-run.ts'

const unknown: Run = { ...SAMPLE_RUN, id: 2, geometry: null }

function call(text: string): unknown {
  const db = new Sqlite(':memory:')
  db.defaultSafeIntegers(true)
  registerFunctions(db, [SAMPLE_RUN, unknown])
  try {
    return db.prepare(`select ${text}`).pluck().get()
  } finally {
    db.close()
  }
}

test.each([
  ['hex64(-1)', '0xffffffffffffffff'],
  ['hex64(null)', null],
  ["hex64(unhex64('0xffff800080000000'))", '0xffff800080000000'],
  ["unhex64('10')", 16n],
  ["unhex64('ffffffffffffffff')", -1n],
  ['level_name(3)', 'pmd'],
  ["decode('0xe8000500040703')", 'page 0x500040000 rw- normal ISH AF DBM PXN UXN DIRTY'],
  ["decode('0x68000040000705', 3)", 'block 0x40000000 rw- tagged ISH AF DBM PXN UXN'],
  ["decode('0x68000040000705', 'pmd', 1)", 'block 0x40000000 rw- tagged ISH AF DBM PXN UXN'],
  ['decode(0)', 'none'],
  ["region('0xffff8000c0000000', 1)", 'vmalloc'],
  ["region('0xffff000100040000', 1)", 'linear'],
  ["region('0xffff800000000000', 1)", 'modules'],
  ["region('0xfffffdffc0000000', 1)", 'vmemmap'],
  ["region('0xffffffffff42f000', 1)", 'fixmap'],
  ["region('0xffffffffffffffff', 1)", null],
  ["region('0x400000', 1)", 'user'],
  ["region('0xffff8000c0000000', 2)", null],
])('%s', (text, expected) => {
  expect(call(text)).toBe(expected)
})

test.each([
  ["unhex64('zz')", "'zz' is not a 64-bit hexadecimal number"],
  ['hex64(1.5)', "hex64() takes an integer or '0x…', got 1.5"],
  ['level_name(7)', 'level_name(): 7 is not a level'],
  ['region(1, 99)', 'region(): there is no run 99'],
  ['hex64()', 'wrong number of arguments'],
])('%s is refused', (text, message) => {
  expect(() => call(text)).toThrow(message)
})

/** spec: the constants that an arm64 kernel of each geometry has, as its own headers compute them. */
test.each([
  [12, 39, '0xffffff8000000000', '0xffffffc080000000', '0xfffffffebf800000'],
  [12, 48, '0xffff000000000000', '0xffff800080000000', '0xfffffdffbf800000'],
  [12, 52, '0xfff0000000000000', '0xffff800080000000', '0xffffc1ffbf800000'],
  [14, 47, '0xffff800000000000', '0xffffc00080000000', '0xffffffbfbf800000'],
  [14, 52, '0xfff0000000000000', '0xffffc00080000000', '0xfffff03fbf800000'],
  [16, 42, '0xfffffc0000000000', '0xfffffe0080000000', '0xffffffff3f800000'],
  [16, 52, '0xfff0000000000000', '0xffff800080000000', '0xfffffc1fbf800000'],
])('regions of %i/%i', (pageShift, vaBits, linear, vmalloc, vmallocEnd) => {
  const regions = new Map(regionsOf({ pageShift, vaBits, levels: 0 }).map((r) => [r.name, r]))
  expect(regions.get('linear')!.start).toBe(BigInt(linear))
  expect(regions.get('vmalloc')!.start).toBe(BigInt(vmalloc))
  expect(regions.get('vmalloc')!.end).toBe(BigInt(vmallocEnd))
})
