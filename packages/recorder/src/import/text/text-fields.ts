import { InputError } from '@pagetrail/engine'
import {
  F_ARG0,
  F_END,
  F_OPERAND,
  F_SLOT,
  F_VA,
  EventFields,
  fieldsJson,
  noteJson,
} from '../translate/fields.ts'
import { ByteTable, hashBytes } from '../bytes/byte-table.ts'
import { areWords, wordsIn } from '../bytes/literal.ts'
import { readDigits, readNumber } from '../bytes/number-text.ts'
import type { MetProbe } from '../translate/probe-table.ts'
import { decodeUtf8, encodeUtf8, excerpt } from '../bytes/utf8.ts'
import { type FieldLayout, FIRST_OTHER, layoutOf } from './field-layout.ts'
import type { Opening } from './openings.ts'

const SPACE = 0x20
const EQUALS = 0x3d
const OPEN = 0x28
const CLOSE = 0x29
const BRACKET = 0x5b
const X = 0x78

/** So many lines of an event at the beginning may be torn before those with all fields come. */
const MOST_TORN = 3

/** Bits of the slots that hold addresses, or pointers. */
const ADDRESSES = (1 << F_VA) | (1 << F_END) | (1 << F_SLOT) | (1 << F_ARG0) | (1 << F_OPERAND)

/** So often the fields behind an opening are looked at for the lines to come: they may always be others. */
const MOST_LOOKS = 8

/** Texts whose JSON is remembered. Where there are more, nearly all are different. */
const MOST_MADE = 256

/** What {@link LineShape} distinguishes of a number. */
const WIDE = 1
const NARROW = 2

/** The fields of one line of text: `(place) key=value key=value …`. */
export class TextFields extends EventFields {
  /** What {@link toJson} has made of texts, of which few are in most traces; null: in this one are more. */
  #made: ByteTable<string> | null = new ByteTable()
  #bytes: Uint8Array = new Uint8Array()
  #start = 0
  #end = 0

  /** Points at what follows `name: ` in a line, up to its end. */
  over(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.present = 0
  }

  /**
   * Reads the numbers that the probe's role needs, of a line with this opening: as in the one before it, where they are
   * written so. Throws InputError, without a place.
   */
  read(probe: MetProbe, opening: Opening | null, view: DataView): void {
    if (opening === null) return this.#read(probe)
    const at = this.#start + opening.text.length - opening.rest
    if (opening.layout !== null && this.#readLike(opening.layout, probe, view, at)) return
    this.#read(probe)
    if (opening.looked === MOST_LOOKS) return
    opening.looked++
    opening.layout = layoutOf(probe, this.#bytes, at, this.#end)
  }

  #read(probe: MetProbe): void {
    const bytes = this.#bytes
    const end = this.#end
    const { keys } = probe
    let p = this.#afterPlace()
    let next = 0
    let fields = 0
    let others = FIRST_OTHER
    let wide = 0
    let narrow = 0
    while (p < end) {
      if (bytes[p] !== SPACE) throw this.#expected('a space before the next field', p)
      while (bytes[p] === SPACE && p < end) p++
      const key = p
      // Fields come in the order of the keys, nearly always.
      let index = next
      p = next < keys.length ? afterKey(keys[next]!.bytes, bytes, key) : key
      if (p === key) {
        while (p < end && bytes[p] !== EQUALS && bytes[p] !== SPACE) p++
        if (p === end && key === end) break
        // A symbol of a module: `private=name+0x0/0x60 [module]`.
        if (bytes[key] === BRACKET && bytes[p] !== EQUALS) continue
        if (p === end || bytes[p] !== EQUALS) throw this.#expected('name=value', key)
        index = findKey(keys, next, bytes, key, p)
      }
      const value = ++p
      while (p < end && bytes[p] !== SPACE) p++
      if (index < 0) {
        fields |= others
        others <<= 1
        continue
      }
      next = index + 1
      const { slot } = keys[index]!
      const bit = 1 << slot
      if ((fields & bit) !== 0) throw this.#expected('each field once', key)
      fields |= bit
      if (readNumber(bytes, value, p, this, slot)) {
        this.present |= bit
        const form = this.#formOf(probe, slot, bytes[value + 1] === X, p - value)
        wide |= (form & WIDE) << slot
        narrow |= (form >> 1) << slot
      }
      // A kprobe prints so what it could not read.
      else if (!isFault(bytes, value, p)) throw this.#expected('a number', key)
    }
    if (probe.needs) this.#check(probe)
    this.#compare(probe, fields, wide, narrow)
  }

  /** The same, from `at` on, of a line that has the fields of another; false where it has not. */
  #readLike(layout: FieldLayout, probe: MetProbe, view: DataView, at: number): boolean {
    const { words, lengths, slots } = layout
    const bytes = this.#bytes
    const end = this.#end
    let p = at
    let word = 0
    let wide = 0
    let narrow = 0
    for (let i = 0; i < slots.length; i++) {
      const length = lengths[i]!
      const slot = slots[i]!
      const value = p + length
      if (value > end || !areWords(view, p, value, words, word)) return false
      word += wordsIn(length)
      p = value
      if (slot < 0) {
        while (p < end && bytes[p] !== SPACE) p++
        continue
      }
      p = readDigits(bytes, value, end, this, slot)
      if (p < end && bytes[p] !== SPACE) return false
      const form = this.#formOf(probe, slot, bytes[value + 1] === X, p - value)
      wide |= (form & WIDE) << slot
      narrow |= (form >> 1) << slot
    }
    if (p !== end) return false
    this.present = layout.fields & (FIRST_OTHER - 1)
    if (probe.needs) this.#check(probe)
    this.#compare(probe, layout.fields, wide, narrow)
    return true
  }

  /** How a number is written that was read into a slot: {@link WIDE}, {@link NARROW}, or 0 where that says nothing. */
  #formOf(probe: MetProbe, slot: number, isHex: boolean, length: number): number {
    if (((ADDRESSES >> slot) & 1) === 0) return isHex ? WIDE : NARROW
    if (length === probe.addressWidth) return WIDE
    return (this.lo[slot]! | this.hi[slot]!) !== 0 || length === 1 ? NARROW : 0
  }

  /** Whether the line has all that those before it have: one that has less has lost its end. */
  #compare(probe: MetProbe, fields: number, wide: number, narrow: number): void {
    const { shape } = probe
    if ((fields & shape.fields) !== shape.fields) throw this.#torn(probe, fields)
    if ((narrow & shape.wide & ~shape.narrow) !== 0)
      throw this.#expected('numbers with all digits as in the lines before', this.#start)
    if (fields === shape.fields && (wide & ~shape.wide) === 0 && (narrow & ~shape.narrow) === 0)
      return
    // A few lines are torn; more of them were of another definition.
    const isMore = fields !== shape.fields || (wide & shape.narrow) !== 0
    const wereTorn = isMore && probe.count > 0 && probe.count <= MOST_TORN
    probe.wasTorn ||= wereTorn
    probe.shape = {
      fields: shape.fields | fields,
      wide: shape.wide | wide,
      narrow: (shape.narrow & (wereTorn ? ~wide : -1)) | narrow,
    }
  }

  /** The rest of the line is lost: the lines before it had more. */
  #torn({ keys, shape }: MetProbe, fields: number): InputError {
    const lacking = keys.filter(({ slot }) => ((shape.fields & ~fields) >> slot) & 1)
    const names = lacking.map(({ bytes }) => `${decodeUtf8(bytes)}=`).join(', ')
    return this.#expected(
      `${names === '' ? 'as many fields' : names} as in the lines before`,
      this.#start,
    )
  }

  toJson(): string {
    const made = this.#made
    if (made === null) return fieldsJson(this.#text(this.#start))
    const [bytes, start, end] = [this.#bytes, this.#start, this.#end]
    const hash = hashBytes(bytes, start, end)
    const known = made.find(bytes, start, end, hash)
    if (known !== undefined) return known
    const json = fieldsJson(this.#text(start))
    if (made.size === MOST_MADE) this.#made = null
    else made.add(bytes, start, end, hash, json)
    return json
  }

  noteJson(): string {
    return noteJson(this.#text(this.#start))
  }

  #text(from: number): string {
    return decodeUtf8(this.#bytes, from, this.#end)
  }

  /**
   * Past `(symbol+0x0/0x10 <- caller)`. perf may print the place and its source line before it, and raw fields have
   * none: they begin with `key=`.
   */
  #afterPlace(): number {
    const bytes = this.#bytes
    const end = this.#end
    let p = this.#start
    if (p >= end) return p
    if (bytes[p] !== OPEN) {
      const place = this.#laterPlace(p)
      if (place < 0 && !this.#hasEquals(p)) throw this.#expected('(place) after the name', p)
      // Fields are read from the space before them.
      if (place < 0) return p - 1
      p = place
    }
    while (p < end && bytes[p] !== CLOSE) p++
    if (p === end) throw this.#expected(') after the place', this.#start)
    return p + 1
  }

  /** The `(ADDRESS` that perf prints after an instruction pointer, its symbol and its source line; or -1. */
  #laterPlace(from: number): number {
    const bytes = this.#bytes
    for (let p = from + 1; p < this.#end; p++) {
      if (bytes[p] === EQUALS) return -1
      if (bytes[p] === OPEN && bytes[p - 1] === SPACE && isHex(bytes[p + 1]) && isHex(bytes[p + 2]))
        return p
    }
    return -1
  }

  #hasEquals(from: number): boolean {
    const at = this.#bytes.indexOf(EQUALS, from)
    return at >= 0 && at < this.#end
  }

  #check(probe: MetProbe): void {
    for (const name of probe.needs!)
      if (!this.has(probe.fields[name]!))
        throw new InputError(`expected ${name}= with a number in ${probe.name}`)
  }

  #expected(what: string, at: number): InputError {
    return new InputError(`expected ${what}, found ${excerpt(this.#bytes, at, this.#end)}`)
  }
}

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))

/** Where the `=` behind this key is; `at` where another one, or none, stands there. */
function afterKey(key: Uint8Array, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return at
  const end = at + key.length
  return bytes[end] === EQUALS ? end : at
}

/** The index of a key among those wanted, the likely next one first; -1 where it is not wanted. */
function findKey(
  keys: MetProbe['keys'],
  next: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let n = 0; n < keys.length; n++) {
    let index = next + n
    if (index >= keys.length) index -= keys.length
    const key = keys[index]!.bytes
    if (key.length !== end - start) continue
    let i = 0
    while (i < key.length && key[i] === bytes[start + i]) i++
    if (i === key.length) return index
  }
  return -1
}

const FAULT = encodeUtf8('(fault)')

function isFault(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === FAULT.length && FAULT.every((byte, i) => byte === bytes[start + i])
}
