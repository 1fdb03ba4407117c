import { TOKEN_WORDS, T } from './token-words.ts'

/**
 * Rows of a long call in four bytes each: what a row differs by from the last of its kind and level, which hardly
 * varies along a range, each distinct difference once and its number for every row. Plain data.
 */
export interface PackedRows {
  /** By row, a number in `distinct`. */
  readonly ids: Uint32Array
  /** {@link TOKEN_WORDS} each; the fields of 64 bits are differences. */
  readonly distinct: Uint32Array
  /** What the last row of each kind held where a block begins: {@link STATE_WORDS} each, `states[i]` of them. */
  readonly held: Uint32Array
  readonly states: Uint32Array
}

/** Rows that are unpacked together. */
export const BLOCK_ROWS = 4096

/** Fields that are kept as differences, low word first. */
const DIFFERENCES = [T.VA, T.SIZE, T.OLD, T.NEW, T.AUX] as const
/** Kind and level, then the fields. */
const STATE_WORDS = 1 + 2 * DIFFERENCES.length
/** Where more rows are distinct than one in so many, packing does not pay. */
const WORTH = 8

/** By kind and level, the fields of the last row. */
type Held = Map<number, Uint32Array>

/** Null: too many rows are distinct. */
export function packRows(words: Uint32Array, length: number): PackedRows | null {
  const ids = new Uint32Array(length)
  const distinct = new DistinctRows()
  const held: Held = new Map()
  const states: number[] = []
  const saved: number[] = []
  const row = new Uint32Array(TOKEN_WORDS)
  for (let i = 0; i < length; i++) {
    if (i % BLOCK_ROWS === 0) {
      states.push(held.size)
      for (const [kind, fields] of held) saved.push(kind, ...fields)
    }
    const at = i * TOKEN_WORDS
    for (let w = 0; w < TOKEN_WORDS; w++) row[w] = words[at + w]!
    exchange(row, 0, held, -1)
    ids[i] = distinct.idOf(row)
    if (distinct.size > BLOCK_ROWS && distinct.size > i / WORTH) return null
  }
  return {
    ids,
    distinct: distinct.rows(),
    held: Uint32Array.from(saved),
    states: Uint32Array.from(states),
  }
}

/** Unpacks a block into `words` and returns how many rows it has. */
export function unpackBlock(packed: PackedRows, block: number, words: Uint32Array): number {
  const { ids, distinct, states } = packed
  const held = heldAt(packed, block)
  const first = block * BLOCK_ROWS
  const rows = Math.min(BLOCK_ROWS, ids.length - first)
  if (block >= states.length) throw new RangeError(`no block ${block} among ${states.length}`)
  for (let i = 0; i < rows; i++) {
    const from = ids[first + i]! * TOKEN_WORDS
    const at = i * TOKEN_WORDS
    for (let w = 0; w < TOKEN_WORDS; w++) words[at + w] = distinct[from + w]!
    exchange(words, at, held, 1)
  }
  return rows
}

function heldAt({ held, states }: PackedRows, block: number): Held {
  let at = 0
  for (let i = 0; i < block; i++) at += states[i]! * STATE_WORDS
  const found: Held = new Map()
  for (let i = 0; i < states[block]!; i++, at += STATE_WORDS)
    found.set(held[at]!, held.slice(at + 1, at + STATE_WORDS))
  return found
}

/** Values become differences from those that the last row of the kind held (`sign` -1), or differences values (1). */
function exchange(words: Uint32Array, at: number, held: Held, sign: 1 | -1): void {
  const kind = words[at + T.KIND]!
  let last = held.get(kind)
  if (!last) held.set(kind, (last = new Uint32Array(2 * DIFFERENCES.length)))
  for (let d = 0; d < DIFFERENCES.length; d++) {
    const field = at + DIFFERENCES[d]!
    const [lo, hi] = [words[field]!, words[field + 1]!]
    const [before, above] = [last[2 * d]!, last[2 * d + 1]!]
    const low = sign === 1 ? lo + before : lo - before
    const carry = low < 0 ? -1 : low >= 2 ** 32 ? 1 : 0
    const high = (sign === 1 ? hi + above : hi - above) + carry
    words[field] = low >>> 0
    words[field + 1] = high >>> 0
    last[2 * d] = sign === 1 ? words[field]! : lo
    last[2 * d + 1] = sign === 1 ? words[field + 1]! : hi
  }
}

/** Distinct rows by number, in the order in which they come. */
class DistinctRows {
  size = 0
  private words = new Uint32Array(64 * TOKEN_WORDS)
  private readonly byHash = new Map<number, number[]>()

  idOf(row: Uint32Array): number {
    let hash = 0
    for (let w = 0; w < TOKEN_WORDS; w++) {
      hash = Math.imul(hash ^ row[w]!, 0x85ebca6b)
      hash ^= hash >>> 15
    }
    const same = this.byHash.get(hash)
    if (same) for (const id of same) if (this.isAt(id, row)) return id
    return this.add(row, hash, same)
  }

  rows(): Uint32Array {
    return this.words.slice(0, this.size * TOKEN_WORDS)
  }

  private isAt(id: number, row: Uint32Array): boolean {
    const at = id * TOKEN_WORDS
    for (let w = 0; w < TOKEN_WORDS; w++) if (this.words[at + w] !== row[w]) return false
    return true
  }

  private add(row: Uint32Array, hash: number, same: number[] | undefined): number {
    const id = this.size++
    if (this.size * TOKEN_WORDS > this.words.length) {
      const more = new Uint32Array(this.words.length * 2)
      more.set(this.words)
      this.words = more
    }
    this.words.set(row, id * TOKEN_WORDS)
    if (same) same.push(id)
    else this.byHash.set(hash, [id])
    return id
  }
}
