import { readFileSync, writeFileSync } from 'node:fs'

import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { withWal } from '../../../../packages/recorder/src/store/file/wal-image.ts'
import { testFile } from '../../../support/files.ts'
import { random } from '../../../support/harm/damage.ts'

const [HEADER, FRAME] = [32, 24 + 512]
const LIMIT = 1 << 24

/** A database and its -wal, as one finds them that was killed: three transactions, the last of which frees pages. */
function killed(first: number): { file: Buffer; wal: Buffer } {
  const path = testFile()
  const db = new Sqlite(path)
  db.exec('pragma page_size = 512; pragma auto_vacuum = full; pragma journal_mode = wal')
  db.exec('create table t (id integer primary key, text)')
  db.pragma('wal_checkpoint(truncate)')
  const insert = db.prepare('insert into t (text) values (?)')
  for (const [from, to] of [
    [first, first + 20],
    [first + 20, first + 30],
  ] as const)
    db.transaction(() => {
      for (let i = from; i < to; i++) insert.run(String(i).repeat(30))
    })()
  db.exec('delete from t where id > 25')
  const [file, wal] = [readFileSync(path), readFileSync(`${path}-wal`)]
  db.close()
  return { file, wal }
}

/** The image that SQLite itself makes of them. */
function sqlites(file: Buffer, wal: Buffer): Buffer {
  const path = testFile()
  writeFileSync(path, file)
  writeFileSync(`${path}-wal`, wal)
  const db = new Sqlite(path, { readonly: true })
  try {
    db.prepare('select 1 from t').get()
    return db.serialize()
  } finally {
    db.close()
  }
}

function ours(file: Buffer, wal: Buffer): Buffer {
  const image = withWal(Buffer.from(file), wal, LIMIT)
  if (typeof image === 'string') throw new Error(image)
  return image
}

test('the image of a file and its -wal is that of SQLite, wherever the -wal ends', () => {
  const { file, wal } = killed(0)
  expect((wal.length - HEADER) % FRAME).toBe(0)
  const ends = Array.from(
    { length: 1 + (wal.length - HEADER) / FRAME },
    (_, n) => HEADER + n * FRAME,
  )
  const images = new Set<string>()
  for (const end of ends)
    for (const at of [end - 1, end, end + 20, end + 300]) {
      const cut = wal.subarray(0, at)
      const image = ours(file, cut)
      expect(image.equals(sqlites(file, cut)), `${at} bytes`).toBe(true)
      images.add(image.toString('latin1'))
    }
  // Before, and after each of the three.
  expect(images.size).toBe(4)
})

test('so it is when a byte of the -wal is another, or all of it belongs to another file or time', () => {
  const [{ file, wal }, other] = [killed(0), killed(100)]
  const below = random(5)
  const offsets = [
    ...Array.from({ length: HEADER }, (_, at) => at),
    ...Array.from({ length: 60 }, () => below(wal.length)),
  ]
  for (const at of offsets) {
    const changed = Buffer.from(wal)
    changed[at]! ^= 1 << below(8)
    expect(ours(file, changed).equals(sqlites(file, changed)), `byte ${at}`).toBe(true)
  }
  expect(ours(file, other.wal).equals(sqlites(file, other.wal))).toBe(true)
  const begun = Buffer.concat([other.wal.subarray(0, HEADER + 3 * FRAME), wal.subarray(HEADER)])
  expect(ours(file, begun).equals(sqlites(file, begun))).toBe(true)
})

/** The same -wal as a machine of the other order of bytes writes it: its sums read words the other way. */
function swapped(wal: Buffer): Buffer {
  const other = Buffer.from(wal)
  other.writeUInt32BE(wal.readUInt32BE(0) ^ 1, 0)
  const big = (other.readUInt32BE(0) & 1) === 1
  let [a, b] = [0, 0]
  const sum = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      const [x, y] = [at, at + 4].map((i) => (big ? other.readUInt32BE(i) : other.readUInt32LE(i)))
      a = (a + x! + b) >>> 0
      b = (b + y! + a) >>> 0
    }
  }
  const put = (at: number) => {
    other.writeUInt32BE(a, at)
    other.writeUInt32BE(b, at + 4)
  }
  sum(0, 24)
  put(24)
  for (let at = HEADER; at < other.length; at += FRAME) {
    sum(at, at + 8)
    sum(at + 24, at + FRAME)
    put(at + 16)
  }
  return other
}

test('a -wal that a machine of the other order of bytes wrote is read, with its own version alone', () => {
  const { file, wal } = killed(0)
  const image = ours(file, swapped(wal))
  expect(image.equals(sqlites(file, swapped(wal)))).toBe(true)
  expect(image.equals(ours(file, wal))).toBe(true)
  const newer = Buffer.from(wal)
  newer.writeUInt32BE(3_008_000, 4)
  expect(() => sqlites(file, swapped(newer))).toThrow('unable to open database file')
  expect(withWal(file, swapped(newer), LIMIT)).toBe('its -wal is of an unknown version, 3008000')
})

test('a buffer that begins anywhere in memory is read too, and what is too large is not made', () => {
  const { file, wal } = killed(0)
  const shifted = Buffer.alloc(wal.length + 1).subarray(1)
  wal.copy(shifted)
  expect(ours(file, shifted).equals(ours(file, wal))).toBe(true)
  expect(withWal(file, wal, 1024)).toMatch(/^with its -wal it has \d+ bytes, too many for memory$/)
})
