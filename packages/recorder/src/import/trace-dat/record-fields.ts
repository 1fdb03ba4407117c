import { EventFields, fieldsJson, noteJson } from '../translate/fields.ts'
import type { MetProbe } from '../translate/probe-table.ts'
import type { EventFormat, FormatField } from './event-format.ts'
import { compilePrint, type RecordValues } from './print-format.ts'
import { packedText, type PrintkFormats } from './printk.ts'
import { decodeUtf8 } from '../bytes/utf8.ts'

/** An event of a trace.dat: its format, resolved. */
export interface RecordEvent {
  readonly format: EventFormat
  readonly probe: MetProbe
  /** The numbers that the probe's role needs. */
  readonly wanted: readonly { readonly field: FormatField; readonly slot: number }[]
  readonly print: ((values: RecordValues) => string | null) | null
}

export function recordEvent(format: EventFormat, probe: MetProbe): RecordEvent {
  const wanted = format.fields.flatMap((field) => {
    const slot = Object.hasOwn(probe.fields, field.name) ? probe.fields[field.name] : undefined
    return slot === undefined || field.text !== null ? [] : [{ field, slot }]
  })
  return { format, probe, wanted, print: compilePrint(format) }
}

const COMMON = /^(?:common_|__probe_)/

/** The fields of a binary record. */
export class RecordFields extends EventFields implements RecordValues {
  readonly #little: boolean
  readonly #formats: () => PrintkFormats
  readonly #symbols: (address: bigint, offset: boolean) => string
  #event!: RecordEvent
  #view: DataView = new DataView(new ArrayBuffer(0))
  #start = 0
  #end = 0

  constructor(
    little: boolean,
    symbols: (address: bigint, offset: boolean) => string,
    formats: () => PrintkFormats = () => new Map(),
  ) {
    super()
    this.#formats = formats
    this.#little = little
    this.#symbols = symbols
  }

  /** Reads the record at bytes [start, end) of a page. */
  read(event: RecordEvent, view: DataView, start: number, end: number): void {
    this.#event = event
    this.#view = view
    this.#start = start
    this.#end = end
    this.present = 0
    for (const { field, slot } of event.wanted) this.#number(field, slot)
  }

  toJson(): string {
    const printed = this.#printk()
    if (printed !== null) return JSON.stringify({ text: printed })
    const text = this.#event.print?.(this)
    if (text !== null && text !== undefined) return fieldsJson(text)
    const values = this.#event.format.fields
      .filter(({ name }) => !COMMON.test(name))
      .map(({ name }) => [name, this.text(name) ?? this.number(name)?.toString() ?? null])
    return JSON.stringify(Object.fromEntries(values))
  }

  noteJson(): string {
    const by = this.symbol(BigInt.asUintN(64, this.number('ip') ?? 0n), false)
    return noteJson(`${by}: ${this.text('buf') ?? ''}`)
  }

  /** What trace_printk() prints, as trace-cmd shows it: `function: text`; null for other events. */
  #printk(): string | null {
    const { name, fields } = this.#event.format
    if (name !== 'bprint' && name !== 'bputs') return null
    const format = this.#formats().get(
      BigInt.asUintN(64, this.number(name === 'bprint' ? 'fmt' : 'str') ?? 0n),
    )
    if (format === undefined) return null
    const buffer = fields.find((field) => field.name === 'buf')
    const from = this.#start + (buffer?.offset ?? 0)
    const packed = new DataView(
      this.#view.buffer,
      this.#view.byteOffset + from,
      Math.max(0, this.#end - from),
    )
    const text = name === 'bputs' ? format : packedText(format, packed, this.#little, this)
    if (text === null) return null
    const ip = BigInt.asUintN(64, this.number('ip') ?? 0n)
    return `${this.symbol(ip, false)}: ${text}`.replace(/\n$/, '')
  }

  number(name: string): bigint | undefined {
    const field = this.#event.format.fields.find((f) => f.name === name)
    if (!field || field.text !== null || !this.#number(field, 0)) return undefined
    const value = (BigInt(this.hi[0]!) << 32n) | BigInt(this.lo[0]!)
    return field.signed ? BigInt.asIntN(64, value) : value
  }

  text(name: string): string | undefined {
    const field = this.#event.format.fields.find((f) => f.name === name)
    if (!field || field.text === null) return undefined
    let start = this.#start + field.offset
    let end = field.text === 'fixed' ? start + field.size : this.#end
    if (field.text === 'data_loc') {
      if (start + 4 > this.#end) return undefined
      const place = this.#view.getUint32(start, this.#little)
      start = this.#start + (place & 0xffff)
      end = start + (place >>> 16)
    }
    if (start > this.#end || end > this.#end) return undefined
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, end - start)
    const zero = bytes.indexOf(0)
    return decodeUtf8(bytes, 0, zero < 0 ? bytes.length : zero)
  }

  symbol(address: bigint, offset: boolean): string {
    return this.#symbols(address, offset)
  }

  /** Reads a number into a slot; false where the record is too short for it or it is none. */
  #number({ offset, size, signed }: FormatField, slot: number): boolean {
    const at = this.#start + offset
    const little = this.#little
    if (at + size > this.#end) return false
    let low: number
    if (size === 8) {
      low = this.#view.getUint32(little ? at : at + 4, little)
      this.hi[slot] = this.#view.getUint32(little ? at + 4 : at, little)
    } else {
      if (size === 4) low = this.#view.getUint32(at, little)
      else if (size === 2)
        low = signed ? this.#view.getInt16(at, little) : this.#view.getUint16(at, little)
      else if (size === 1) low = signed ? this.#view.getInt8(at) : this.#view.getUint8(at)
      else return false
      this.hi[slot] = signed && (low | 0) < 0 ? 0xffff_ffff : 0
    }
    this.lo[slot] = low
    this.present |= 1 << slot
    return true
  }
}
