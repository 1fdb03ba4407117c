import { INTERIOR, INTERIOR_HEADER, LEAF, LEAF_HEADER, MOST_SMALL } from './file-format.ts'

/** Pages of a database in SQLite's file format: of the largest size, so that a batch has few. */
export const PAGE = 65_536

/** Number of the table's root page; its leaves follow. */
export const ROOT = 2
/** A row that is longer goes on in pages of its own, which are not made here. */
const MOST_LOCAL = PAGE - MOST_SMALL

/** Makes rows into the pages of a table; their memory is used again for the next. */
export class TablePages {
  #bytes = new Uint8Array(8 * PAGE)

  /**
   * The pages, the root first: `offsets` says where each row begins in `bytes`, and where the last one ends; the first
   * has key `base`. Null where a row is too long.
   */
  of(bytes: Uint8Array, offsets: Uint32Array, base: number): Uint8Array | null {
    const rows = offsets.length - 1
    const ends: number[] = rows === 0 ? [0] : []
    for (let first = 0; first < rows;) {
      let end = first
      while (end < rows && fits(offsets, first, end + 1)) end++
      if (end === first) return null
      ends.push(end)
      first = end
    }
    const below = ends.length > 1 ? 1 : 0
    const pages = this.#empty((ends.length + below) * PAGE)
    if (below === 1) putRoot(pages, ends, base)
    ends.forEach((end, n) => {
      putLeaf(
        pages.subarray((n + below) * PAGE, (n + below + 1) * PAGE),
        bytes,
        offsets,
        ends[n - 1] ?? 0,
        end,
      )
    })
    return pages
  }

  #empty(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(2 * length)
    return this.#bytes.subarray(0, length).fill(0)
  }
}

/** Whether the rows from `first` up to `end` fit into one leaf. */
const fits = (offsets: Uint32Array, first: number, end: number): boolean =>
  offsets[end]! - offsets[end - 1]! <= MOST_LOCAL &&
  LEAF_HEADER + 2 * (end - first) + offsets[end]! - offsets[first]! <= PAGE

/** The leaf of the rows from `first` up to `end`: their places from the front, they themselves at the back. */
function putLeaf(
  page: Uint8Array,
  bytes: Uint8Array,
  offsets: Uint32Array,
  first: number,
  end: number,
): void {
  const from = offsets[first]!
  const content = PAGE - (offsets[end]! - from)
  page[0] = LEAF
  put16(page, 3, end - first)
  put16(page, 5, content)
  for (let row = first, at = LEAF_HEADER; row < end; row++, at += 2) {
    put16(page, at, content + offsets[row]! - from)
  }
  page.set(bytes.subarray(from, offsets[end]), content)
}

/** Leads to the leaves: each but the last with the largest key in it. */
function putRoot(page: Uint8Array, ends: readonly number[], base: number): void {
  let content = PAGE
  ends.slice(0, -1).forEach((end, n) => {
    const key = base + end - 1
    content -= 4 + varintSize(key)
    put32(page, content, ROOT + 1 + n)
    putVarint(page, content + 4, key)
    put16(page, INTERIOR_HEADER + 2 * n, content)
  })
  page[0] = INTERIOR
  put16(page, 3, ends.length - 1)
  put16(page, 5, content)
  put32(page, 8, ROOT + ends.length)
}

/** The first page of a database that has one table, with its root at {@link ROOT}. */
export function firstPage(name: string, sql: string): Uint8Array {
  const page = new Uint8Array(PAGE)
  page.set(Buffer.from('SQLite format 3\0'))
  // Page size 65,536; rollback journal; the fractions of a page that are fixed.
  page.set([0, 1, 1, 1, 0, 64, 32, 32], 16)
  // Schema format 4, UTF-8.
  put32(page, 44, 4)
  put32(page, 56, 1)
  put32(page, 96, 3_054_001)
  const cell = schemaRow(name, sql)
  const content = PAGE - cell.length
  page.set(cell, content)
  page[100] = LEAF
  put16(page, 103, 1)
  put16(page, 105, content)
  put16(page, 108, content)
  return page
}

/** Says in a first page that the database was changed, and has so many pages. */
export function putChange(page: Uint8Array, change: number, pages: number): void {
  put32(page, 24, change)
  put32(page, 28, pages)
  put32(page, 92, change)
}

/** The row of sqlite_schema, as a cell. */
function schemaRow(name: string, sql: string): Uint8Array {
  const texts = ['table', name, name].map((text) => Buffer.from(text))
  const definition = Buffer.from(sql)
  const types = [...texts.map(textType), ...varint(1), ...varint(textType(definition))]
  const payload = Buffer.concat([
    Uint8Array.of(types.length + 1, ...types),
    ...texts,
    Uint8Array.of(ROOT),
    definition,
  ])
  return Buffer.concat([Uint8Array.from([...varint(payload.length), 1]), payload])
}

const textType = (text: Uint8Array): number => 13 + 2 * text.length

function varint(value: number): number[] {
  const bytes = new Uint8Array(varintSize(value))
  putVarint(bytes, 0, value)
  return [...bytes]
}

/** How many bytes a number has as SQLite's variable-length integer, which holds seven bits a byte; below 2^53. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest /= 128) size++
  return size
}

/** Writes it at a place; where it ends. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  const end = at + varintSize(value)
  let rest = value
  for (let p = end - 1; p >= at; p--) {
    bytes[p] = (rest % 128) | (p === end - 1 ? 0 : 128)
    rest = Math.floor(rest / 128)
  }
  return end
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16)
  put16(bytes, at + 2, value)
}
