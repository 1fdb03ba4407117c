import { BLOCK_ROWS, type PackedRows, unpackBlock } from './packed-rows.ts'
import { HAS, T, TOKEN_WORDS } from './token-words.ts'

export { HAS, T, TOKEN_WORDS }

/** Words that a field's bit stands for. */
const WORDS_OF: readonly (readonly [bit: number, first: number, count: number])[] = [
  [HAS.FN, T.ROLE, 1],
  [HAS.VA, T.VA, 2],
  [HAS.SIZE, T.SIZE, 2],
  [HAS.OLD, T.OLD, 2],
  [HAS.NEW, T.NEW, 2],
  [HAS.AUX, T.AUX, 2],
  [HAS.RET, T.RET, 1],
]

/** Kind ids are below this. */
export const KINDS_LIMIT = 64

/** The numbers of a call's events: of its rows, and of those that were set aside. */
export interface Places {
  readonly seqs: Float64Array
  readonly aside: readonly number[]
}

/** The words of a stream of events, or of a long one its rows packed; the numbers of the events are the call's. */
export interface PlainStream {
  readonly words: Uint32Array
  readonly fields: Uint32Array
  readonly length: number
  readonly packed: PackedRows | null
}

/**
 * The events of one call as rows of words in which everything that depends on the boot has been replaced: what is
 * compared, at a fraction of the events' memory.
 */
export class Tokens {
  length = 0
  words: Uint32Array
  /** Fields seen with each kind, OR of their bits. */
  readonly fields: Uint32Array
  private own: Float64Array
  private setAsides: number[] = []
  /** Of a long stream, all rows; `words` are those from `first` to `end`. */
  private packed: PackedRows | null = null
  private first = 0
  private end = Number.POSITIVE_INFINITY
  /** Where the numbers of the events are still to be had, and how many were set aside. */
  private late: { readonly asides: number; readonly read: () => Places } | null = null

  /** Rows that many calls have; which events they are is asked of `read` where somebody wants to know. */
  static shared(
    { words, fields, length, packed }: PlainStream,
    asides: number,
    read: () => Places,
  ): Tokens {
    const tokens = new Tokens(0, fields)
    tokens.words = words
    tokens.length = length
    tokens.late = { asides, read }
    if (packed) tokens.unpacks(packed)
    return tokens
  }

  constructor(capacity = 64, fields: Uint32Array = new Uint32Array(KINDS_LIMIT)) {
    this.words = new Uint32Array(capacity * TOKEN_WORDS)
    this.own = new Float64Array(capacity)
    this.fields = fields
  }

  /** seq of each event. */
  get seqs(): Float64Array {
    if (this.late) this.load(this.late.read())
    return this.own
  }

  /** seqs of events that the other side could not show, or that concern what others left behind. */
  get aside(): readonly number[] {
    if (this.late) this.load(this.late.read())
    return this.setAsides
  }

  /** How many were set aside. */
  get asides(): number {
    return this.late?.asides ?? this.setAsides.length
  }

  /** Starts a row, all zero, and returns its first word's index. */
  row(seq: number): number {
    if (this.length === this.own.length) this.grow()
    this.own[this.length] = seq
    return this.length++ * TOKEN_WORDS
  }

  /** Empties it for another call. */
  clear(): void {
    this.words.fill(0, 0, this.length * TOKEN_WORDS)
    this.length = 0
    this.fields.fill(0)
    this.setAsides = []
  }

  setAside(seq: number): void {
    this.setAsides.push(seq)
  }

  /** The row behind all that came after it. */
  moveToEnd(i: number): void {
    const { words, own, length } = this
    const row = words.slice(i * TOKEN_WORDS, (i + 1) * TOKEN_WORDS)
    const seq = own[i]!
    words.copyWithin(i * TOKEN_WORDS, (i + 1) * TOKEN_WORDS, length * TOKEN_WORDS)
    words.set(row, (length - 1) * TOKEN_WORDS)
    own.copyWithin(i, i + 1, length)
    own[length - 1] = seq
  }

  /** Where a row begins in `words`, which may hold others afterwards. */
  at(i: number): number {
    if (i < this.first || i >= this.end) this.unpack(i)
    return (i - this.first) * TOKEN_WORDS
  }

  kindAt(i: number): number {
    const at = this.at(i)
    return this.words[at]! & 0xff
  }

  /** Level number, or -1. */
  levelAt(i: number): number {
    const at = this.at(i)
    return (this.words[at]! >>> 8) - 1
  }

  word(i: number, field: number): number {
    const at = this.at(i)
    return this.words[at + field]!
  }

  has(i: number, bit: number): boolean {
    const at = this.at(i)
    return (this.words[at + T.HAS]! & bit) !== 0
  }

  /** A 64-bit field as a number: exact for addresses and for what normalising makes of them. */
  numberAt(i: number, field: number): number {
    const at = this.at(i) + field
    return (this.words[at + 1]! | 0) * 2 ** 32 + this.words[at]!
  }

  private unpacks(packed: PackedRows): void {
    this.packed = packed
    this.words = new Uint32Array(BLOCK_ROWS * TOKEN_WORDS)
    this.end = 0
  }

  private unpack(i: number): void {
    if (!this.packed) throw new RangeError(`no row ${i}`)
    const block = Math.floor(i / BLOCK_ROWS)
    this.first = block * BLOCK_ROWS
    this.end = this.first + unpackBlock(this.packed, block, this.words)
  }

  private load({ seqs, aside }: Places): void {
    if (seqs.length < this.length) throw new Error('a call has fewer events than it had rows')
    this.own = seqs
    this.setAsides = [...aside]
    this.late = null
  }

  private grow(): void {
    const words = new Uint32Array(this.words.length * 2)
    words.set(this.words)
    this.words = words
    const seqs = new Float64Array(this.own.length * 2)
    seqs.set(this.own)
    this.own = seqs
  }
}

/**
 * Per kind, the fields to compare: those that both sides show in this pair of calls. A field that one side never has
 * is unknown there, not different. `always` names those whose absence is a value.
 */
export function comparedFields(left: Tokens, right: Tokens, always: Uint32Array): Uint32Array {
  const fields = new Uint32Array(KINDS_LIMIT)
  for (let kind = 0; kind < KINDS_LIMIT; kind++) {
    fields[kind] = (left.fields[kind]! & right.fields[kind]!) | always[kind]!
  }
  return fields
}

/** One number per token, equal where the compared fields are; `structure` leaves out values (old, new, aux, ret …). */
export function hashTokens(tokens: Tokens, compared: Uint32Array, structure: boolean): Int32Array {
  const hashes = new Int32Array(tokens.length)
  for (let i = 0; i < tokens.length; i++) {
    const at = tokens.at(i)
    const { words } = tokens
    const kind = words[at]! & 0xff
    let fields = compared[kind]!
    if (structure) fields &= STRUCTURE
    const level = fields & HAS.LEVEL ? words[at]! >>> 8 : 0
    let hash = Math.imul(kind + (level << 8) + 1, 0x9e3779b1)
    // Absence is a value of its own among fields that are compared.
    hash = mix(hash, words[at + T.HAS]! & fields)
    for (const [bit, first, count] of WORDS_OF) {
      if ((fields & bit) === 0) continue
      hash = mix(hash, words[at + first]!)
      if (count === 2) hash = mix(hash, words[at + first + 1]!)
    }
    hashes[i] = hash
  }
  return hashes
}

const STRUCTURE = HAS.LEVEL | HAS.FN | HAS.VA

function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x85ebca6b)
  return h ^ (h >>> 15)
}

/** Exact: whether two tokens agree in all fields that are compared. */
export function sameToken(
  left: Tokens,
  i: number,
  right: Tokens,
  j: number,
  compared: Uint32Array,
): boolean {
  const x = left.at(i)
  const y = right.at(j)
  const a = left.words
  const b = right.words
  const kind = a[x]! & 0xff
  if (kind !== (b[y]! & 0xff)) return false
  const fields = compared[kind]!
  if (fields & HAS.LEVEL && a[x] !== b[y]) return false
  if (((a[x + T.HAS]! ^ b[y + T.HAS]!) & fields) !== 0) return false
  for (const [bit, first, count] of WORDS_OF) {
    if ((fields & bit) === 0) continue
    if (a[x + first] !== b[y + first]) return false
    if (count === 2 && a[x + first + 1] !== b[y + first + 1]) return false
  }
  return true
}

/** Same role, other name: `change_page_range` beside `pageattr_pte_entry`. A name that one side lacks is unknown. */
export const renamed = (left: Tokens, i: number, right: Tokens, j: number): boolean =>
  left.has(i, HAS.FN) && right.has(j, HAS.FN) && left.word(i, T.NAME) !== right.word(j, T.NAME)
