import { addStretches, type Places, seqIn, type Stretches } from './places.ts'
import { BLOCK_ROWS, type PackedRows, RowPacker, RowReader } from './packed-rows.ts'
import { Sorts } from '../sorts.ts'
import { HAS, T, TOKEN_WORDS } from './token-words.ts'

export { HAS, T, TOKEN_WORDS }

/** Kind ids are below this. */
export const KINDS_LIMIT = 64

/** The words of a stream of events, or of a long one its rows packed; the numbers of the events are the call's. */
export interface PlainStream {
  readonly words: Uint32Array
  readonly fields: Uint32Array
  readonly length: number
  readonly packed: PackedRows | null
}

/** Longer streams are packed, block by block as they come. */
export const PLAIN_ROWS = 2 * BLOCK_ROWS

/**
 * The events of one call as rows of words in which everything that depends on the boot has been replaced: what is
 * compared, at a fraction of the events' memory.
 */
export class Tokens implements Places {
  length = 0
  /** Of the rows that {@link at} was asked for. */
  words: Uint32Array
  /** Fields seen with each kind, OR of their bits. */
  readonly fields: Uint32Array
  /** A row that may still change, with all after it: they are not packed. */
  pinned = Number.POSITIVE_INFINITY
  /** Numbers of the rows in `words`, and of those that are packed. */
  private own: Float64Array
  private readonly stretches: Stretches = { rows: [], seqs: [] }
  private setAsides: number[] = []
  /** Of what no row stands for: what flushes are made of beside their ranges, what others left behind. */
  readonly unplaced = new Sorts()
  readonly others = new Sorts()
  private known = ''
  /** Rows before `first` while they come; null: there are none, or packing them was in vain. */
  private packer: RowPacker | null = null
  private mayPack = true
  /** All rows of a long stream that has ended; `words` are then those from `first` to `end`. */
  private reader: RowReader | null = null
  private first = 0
  private end = Number.POSITIVE_INFINITY
  /** Where the numbers of the events are still to be had, and how many were set aside. */
  private late: { readonly asides: number; readonly read: () => Places } | null = null
  private places: Places | null = null

  /** Rows that many calls have; which events they are is asked of `read` where somebody wants to know. */
  static shared(
    { words, fields, length, packed }: PlainStream,
    { asides, rest }: { readonly asides: number; readonly rest: string },
    read: () => Places,
  ): Tokens {
    const tokens = new Tokens(0, fields)
    tokens.words = words
    tokens.length = length
    tokens.late = { asides, read }
    tokens.known = rest
    if (packed) tokens.unpacks(packed)
    return tokens
  }

  constructor(capacity = 64, fields: Uint32Array = new Uint32Array(KINDS_LIMIT)) {
    this.words = new Uint32Array(capacity * TOKEN_WORDS)
    this.own = new Float64Array(capacity)
    this.fields = fields
  }

  /** seq of a row's event. */
  seqAt(i: number): number {
    if (this.late) this.load(this.late.read())
    if (this.places !== null) return this.places.seqAt(i)
    const { rows } = this.stretches
    return rows.length > 0 && (this.reader !== null || i < this.first)
      ? seqIn(this.stretches, i)
      : this.own[i - this.first]!
  }

  /** seqs of events that the other side could not show, or that concern what others left behind. */
  get aside(): readonly number[] {
    if (this.late) this.load(this.late.read())
    return this.places?.aside ?? this.setAsides
  }

  /** What flushes are made of beside their ranges, as far as both sides show it; see {@link Sorts}. */
  get rest(): string {
    return this.known || this.unplaced.toString()
  }

  /** How many were set aside. */
  get asides(): number {
    return this.late?.asides ?? this.aside.length
  }

  /** Starts a row, all zero, and returns its first word's index. */
  row(seq: number): number {
    if (this.length - this.first === this.own.length) this.makeRoom()
    const i = this.length++ - this.first
    this.own[i] = seq
    return i * TOKEN_WORDS
  }

  /** Empties it for another call. */
  clear(): void {
    this.words.fill(0, 0, this.length * TOKEN_WORDS)
    this.length = 0
    this.fields.fill(0)
    this.setAsides = []
    this.pinned = Number.POSITIVE_INFINITY
    this.unplaced.clear()
    this.others.clear()
  }

  setAside(seq: number): void {
    this.setAsides.push(seq)
  }

  /** The last row before `i` that is not of a kind, and can still be changed; -1: there is none. */
  lastBefore(i: number, kind: number): number {
    let at = i - 1
    while (at >= this.first && this.kindAt(at) === kind) at--
    return at < this.first ? -1 : at
  }

  /** The row behind all that came after it. */
  moveToEnd(i: number): void {
    const { words, own, first } = this
    const [from, to] = [i - first, this.length - first]
    const row = words.slice(from * TOKEN_WORDS, (from + 1) * TOKEN_WORDS)
    const seq = own[from]!
    words.copyWithin(from * TOKEN_WORDS, (from + 1) * TOKEN_WORDS, to * TOKEN_WORDS)
    words.set(row, (to - 1) * TOKEN_WORDS)
    own.copyWithin(from, from + 1, to)
    own[to - 1] = seq
  }

  /** No row comes any more, and none changes; a long stream is packed to its end. */
  finish(): void {
    if (this.length <= PLAIN_ROWS || this.reader !== null) return
    this.pack(this.length - this.first)
    if (this.packer === null) return
    this.unpacks(this.packer.packed())
    this.own = new Float64Array(0)
    this.packer = null
  }

  /** Changes the rows of a stream that has ended, each where it begins in words. */
  rewrite(change: (words: Uint32Array, at: number) => void): void {
    const changed = (words: Uint32Array, rows: number): void => {
      for (let at = 0; at < rows * TOKEN_WORDS; at += TOKEN_WORDS) change(words, at)
    }
    if (this.reader === null) {
      changed(this.words, this.length)
      return
    }
    const { reader } = this
    const packer = new RowPacker()
    for (let block = 0; block * BLOCK_ROWS < this.length; block++) {
      const rows = reader.unpack(block, this.words)
      changed(this.words, rows)
      packer.add(this.words, 0, rows)
    }
    if (packer.isInVain) this.spread(new RowReader(packer.packed()))
    else this.unpacks(packer.packed())
  }

  /** The rows of a long stream that has ended. */
  get packed(): PackedRows | null {
    return this.reader?.packed ?? null
  }

  /** As the rows are kept for many calls. */
  stream(): PlainStream {
    const { fields, length } = this
    const { packed } = this
    const words = packed ? new Uint32Array(0) : this.words.slice(0, length * TOKEN_WORDS)
    return { words, fields: fields.slice(), length, packed }
  }

  /** The numbers of all rows. */
  stretchesOf(): Stretches {
    const all: Stretches = { rows: [], seqs: [] }
    if (this.reader !== null) return this.stretches
    addStretches(all, 0, this.own, this.length)
    return all
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
    this.reader = new RowReader(packed)
    if (this.words.length !== BLOCK_ROWS * TOKEN_WORDS)
      this.words = new Uint32Array(BLOCK_ROWS * TOKEN_WORDS)
    this.first = 0
    this.end = 0
  }

  private unpack(i: number): void {
    if (!this.reader) throw new RangeError(`no row ${i}`)
    const block = Math.floor(i / BLOCK_ROWS)
    this.first = block * BLOCK_ROWS
    this.end = this.first + this.reader.unpack(block, this.words)
  }

  private load(places: Places): void {
    if (places.length < this.length) throw new Error('a call has fewer events than it had rows')
    this.places = places
    this.late = null
  }

  /** For another row: packs the first block of a long stream, where none of it may still change. */
  private makeRoom(): void {
    const held = this.length - this.first
    if (this.mayPack && held >= PLAIN_ROWS && this.first + BLOCK_ROWS <= this.pinned) {
      this.pack(BLOCK_ROWS)
      if (this.mayPack) return
    }
    this.resize(2 * this.own.length)
  }

  /** Packs that many of the rows that are not; all are plain again where it is in vain. */
  private pack(rows: number): void {
    if (!this.mayPack) return
    const { words, own, length, first } = this
    this.packer ??= new RowPacker()
    this.packer.add(words, 0, rows)
    addStretches(this.stretches, first, own, rows)
    const rest = length - first - rows
    words.copyWithin(0, rows * TOKEN_WORDS, (rows + rest) * TOKEN_WORDS)
    words.fill(0, rest * TOKEN_WORDS)
    own.copyWithin(0, rows, rows + rest)
    this.first += rows
    if (!this.packer.isInVain) return
    this.spread(new RowReader(this.packer.packed()))
    this.packer = null
  }

  /** The packed rows in `words` again, before the others. */
  private spread(reader: RowReader): void {
    const packed = reader.packed.ids.length
    const isWhole = packed === this.length
    const after = isWhole ? 0 : this.length - this.first
    const [words, own] = [this.words.slice(0, after * TOKEN_WORDS), this.own.slice(0, after)]
    this.words = new Uint32Array(0)
    this.own = new Float64Array(0)
    this.resize(packed + Math.max(after, BLOCK_ROWS))
    for (let block = 0; block * BLOCK_ROWS < packed; block++)
      reader.unpack(block, this.words.subarray(block * BLOCK_ROWS * TOKEN_WORDS))
    for (let i = 0; i < packed; i++) this.own[i] = seqIn(this.stretches, i)
    this.words.set(words, packed * TOKEN_WORDS)
    this.own.set(own, packed)
    this.first = 0
    this.end = Number.POSITIVE_INFINITY
    this.reader = null
    this.mayPack = false
  }

  private resize(rows: number): void {
    const words = new Uint32Array(rows * TOKEN_WORDS)
    words.set(this.words)
    this.words = words
    const seqs = new Float64Array(rows)
    seqs.set(this.own)
    this.own = seqs
  }
}
