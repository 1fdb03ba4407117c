import type { EventFormat } from './event-format.ts'

/** What a print format needs to know of a record. */
export interface RecordValues {
  /** A number, as the kernel's type has it; undefined where there is no such field. */
  number(name: string): bigint | undefined
  text(name: string): string | undefined
  /** Name of the function that holds an address, or the address. */
  symbol(address: bigint, offset: boolean): string
}

type Argument = (values: RecordValues) => bigint | string | undefined

const CONVERSION = /%([-0# ]*)(\d*)(?:\.\d+)?(?:hh|h|ll|l|L|z)?(?:p([sSfFB])|([diuxXscp%]))/g

/** Renders records as the kernel would: compiled from `print fmt`, or null where it says more than is understood. */
export function compilePrint(
  format: EventFormat,
): ((values: RecordValues) => string | null) | null {
  const parts = splitArguments(format.print)
  const template = literal(parts[0] ?? '')
  if (template === null) return null
  const args = parts.slice(1).map(argumentOf)
  if (args.some((arg) => arg === null)) return null
  return (values) => {
    let next = 0
    let whole = true
    const text = template.replace(CONVERSION, (_, flags: string, width: string, pointer, plain) => {
      if (plain === '%') return '%'
      const value = args[next++]?.(values)
      const shown =
        value === undefined
          ? undefined
          : show(value, pointer ?? plain, pointer !== undefined, values)
      whole &&= shown !== undefined
      const pad = Number(width)
      return flags.includes('-')
        ? (shown ?? '').padEnd(pad)
        : (shown ?? '').padStart(pad, zero(flags))
    })
    return whole ? text : null
  }
}

const zero = (flags: string): string => (flags.includes('0') ? '0' : ' ')

function show(
  value: bigint | string,
  conversion: string,
  pointer: boolean,
  values: RecordValues,
): string | undefined {
  if (typeof value === 'string') return conversion === 's' ? value : undefined
  if (pointer)
    return values.symbol(BigInt.asUintN(64, value), conversion === 'S' || conversion === 'F')
  switch (conversion) {
    case 'd':
    case 'i':
      return value.toString()
    case 'u':
      return BigInt.asUintN(64, value).toString()
    case 'x':
    case 'p':
      return BigInt.asUintN(64, value).toString(16)
    case 'X':
      return BigInt.asUintN(64, value).toString(16).toUpperCase()
    case 'c':
      return String.fromCodePoint(Number(value & 0x7fn))
    default:
      return undefined
  }
}

/** One argument: a field, its text, or names of its flags. */
function argumentOf(source: string): Argument | null {
  const plain = source
    .replace(/^\((?:void \*|unsigned long|u64|long|int|unsigned int)\)/, '')
    .trim()
  const field = /^\(?REC->(\w+)\)?$/.exec(plain)?.[1]
  if (field !== undefined) return (values) => values.text(field) ?? values.number(field)
  const text = /^__get_str\((\w+)\)$/.exec(plain)?.[1]
  if (text !== undefined) return (values) => values.text(text)
  const flags = /^__print_flags\((.*)\)$/s.exec(plain)?.[1]
  return flags === undefined ? null : flagsOf(splitArguments(flags))
}

function flagsOf([source = '', delimiter = '', ...pairs]: string[]): Argument | null {
  const field = /^\(?REC->(\w+)\)?$/.exec(source)?.[1]
  const between = literal(delimiter)
  const names = pairs.map((pair) => {
    const [, mask, name] = /^\{\s*(.+?),\s*("(?:[^"\\]|\\.)*")\s*\}$/.exec(pair) ?? []
    return { mask: maskOf(mask ?? ''), name: literal(name ?? '') }
  })
  if (field === undefined || between === null) return null
  return (values) => {
    const value = values.number(field)
    if (value === undefined || names.some(({ mask, name }) => mask === null || name === null))
      return undefined
    return names
      .filter(({ mask }) => mask !== null && mask !== 0n && (value & mask) === mask)
      .map(({ name }) => name)
      .join(between)
  }
}

function maskOf(source: string): bigint | null {
  const plain = source.replace(/[()\s]|(?<=\d)[UL]+/g, '')
  const shifted = /^(\d+)<<(\d+)$/.exec(plain)
  if (shifted) return BigInt(shifted[1]!) << BigInt(shifted[2]!)
  return /^(?:0x[0-9a-fA-F]+|\d+)$/.test(plain) ? BigInt(plain) : null
}

/** The text of a C string, or null. */
function literal(source: string): string | null {
  const inside = /^"((?:[^"\\]|\\.)*)"$/s.exec(source.trim())?.[1]
  return inside?.replace(/\\(.)/gs, (_, c: string) => ESCAPES[c] ?? c) ?? null
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t' }

/** Parts at the commas that are in no brackets and no string. */
function splitArguments(source: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  let quoted = false
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!
    if (quoted) {
      if (c === '\\') i++
      else if (c === '"') quoted = false
    } else if (c === '"') quoted = true
    else if ('({'.includes(c)) depth++
    else if (')}'.includes(c)) depth--
    else if (c === ',' && depth === 0) {
      parts.push(source.slice(start, i).trim())
      start = i + 1
    }
  }
  parts.push(source.slice(start).trim())
  return parts
}
