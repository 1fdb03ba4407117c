import type { RecordValues } from './print-format.ts'

/** The strings that trace_printk() was given, by their addresses. */
export type PrintkFormats = ReadonlyMap<bigint, string>

/** Lines `0xADDRESS : "FORMAT"` of printk_formats. */
export function printkFormats(text: string): PrintkFormats {
  const formats = new Map<bigint, string>()
  for (const line of text.split('\n')) {
    const [, address, quoted] = /^(0x[0-9a-f]+) : "(.*)"$/.exec(line.trim()) ?? []
    if (address === undefined || quoted === undefined) continue
    formats.set(
      BigInt(address),
      quoted.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
    )
  }
  return formats
}

const CONVERSION =
  /%([-+ #0]*)(\*|\d*)(?:\.(?:\*|\d+))?(hh|h|ll|l|L|z|t|q)?([diuxXocspn%])([a-zA-Z]*)/g

/** Bytes of an argument, by the length that its conversion names. */
const SIZES: Readonly<Record<string, number>> = { hh: 1, h: 2, ll: 8, l: 8, L: 8, z: 8, t: 8, q: 8 }

/**
 * The text of a `bprint` event: its format with the arguments that bprintf() packed behind it, as vbin_printf() of
 * lib/vsprintf.c lays them: 64-bit values at multiples of four, strings as they are. Null where an argument is not
 * there or a conversion is not one that is packed.
 */
export function packedText(
  format: string,
  bytes: DataView,
  little: boolean,
  values: RecordValues,
): string | null {
  let at = 0
  let whole = true
  const number = (size: number, signed: boolean): bigint | null => {
    const step = Math.min(size, 4)
    at = Math.ceil(at / step) * step
    if (at + size > bytes.byteLength) return null
    const from = at
    at += size
    if (size === 8)
      return signed ? bytes.getBigInt64(from, little) : bytes.getBigUint64(from, little)
    if (size === 4)
      return BigInt(signed ? bytes.getInt32(from, little) : bytes.getUint32(from, little))
    if (size === 2)
      return BigInt(signed ? bytes.getInt16(from, little) : bytes.getUint16(from, little))
    return BigInt(signed ? bytes.getInt8(from) : bytes.getUint8(from))
  }
  const string = (): string | null => {
    const from = at
    while (at < bytes.byteLength && bytes.getUint8(at) !== 0) at++
    if (at === bytes.byteLength) return null
    return new TextDecoder().decode(
      new Uint8Array(bytes.buffer, bytes.byteOffset + from, at++ - from),
    )
  }
  const text = format.replace(
    CONVERSION,
    (_, flags: string, width: string, length: string | undefined, kind: string, more: string) => {
      if (kind === '%') return `%${more}`
      const pad = width === '*' ? Number(number(4, true) ?? 0) : Number(width)
      const shown =
        kind === 's'
          ? string()
          : value(
              kind,
              more,
              number(kind === 'p' ? 8 : (SIZES[length ?? ''] ?? 4), 'di'.includes(kind)),
              values,
            )
      whole &&= shown !== null
      const rest = kind === 'p' ? more.replace(/^[sSfFB]/, '') : more
      const filled = flags.includes('-')
        ? (shown ?? '').padEnd(pad)
        : (shown ?? '').padStart(pad, flags.includes('0') ? '0' : ' ')
      return filled + rest
    },
  )
  return whole ? text : null
}

function value(kind: string, more: string, n: bigint | null, values: RecordValues): string | null {
  if (n === null) return null
  switch (kind) {
    case 'd':
    case 'i':
    case 'u':
      return n.toString()
    case 'x':
      return n.toString(16)
    case 'X':
      return n.toString(16).toUpperCase()
    case 'o':
      return n.toString(8)
    case 'c':
      return String.fromCodePoint(Number(n & 0x7fn))
    case 'p':
      return /^[sSfFB]/.test(more) ? values.symbol(n, /^[SF]/.test(more)) : `0x${n.toString(16)}`
    default:
      return null
  }
}
