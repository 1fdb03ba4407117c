import { InputError } from '@pagetrail/engine'

/** A filter that cannot be understood; `position` is the offset in its text. */
export class FilterError extends InputError {
  override readonly name = 'FilterError'
  readonly position: number

  constructor(message: string, text: string, position: number) {
    super(`${message} (column ${position + 1} of the filter ${text})`)
    this.position = position
  }
}

export interface Token {
  readonly type: 'word' | 'string' | 'operator'
  /** Of a string: what is between its quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

export const COMPARATORS = ['==', '!=', '<=', '>=', '<', '>', '&', '~', 'in'] as const
export type Comparator = (typeof COMPARATORS)[number]

/** Operators, quoted strings, and words: everything between that is neither space nor an operator's character. */
const TOKEN = /\s*(?:(&&|\|\||==|!=|<=|>=|[<>&~!()])|"([^"]*)"|'([^']*)'|([^\s&|<>=!~()"']+))/y

export function tokens(text: string): Token[] {
  const found: Token[] = []
  let at = 0
  const rest = /\S/g
  for (;;) {
    rest.lastIndex = at
    const next = rest.exec(text)
    if (!next) return found
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (!match) throw new FilterError(`cannot read ${text.slice(next.index)}`, text, next.index)
    at = TOKEN.lastIndex
    found.push(tokenOf(match, next.index, at))
  }
}

function tokenOf(match: RegExpExecArray, start: number, end: number): Token {
  const [, operator, double, single, word] = match
  if (operator !== undefined) return { type: 'operator', text: operator, start, end }
  if (word !== undefined) return { type: 'word', text: word, start, end }
  return { type: 'string', text: double ?? single ?? '', start, end }
}

/** Decimal or hexadecimal, signed. */
export function numberOf(text: string): bigint | null {
  const match = /^(-?)(0x[0-9a-f_]+|[0-9][0-9_]*)$/i.exec(text)
  if (!match) return null
  const digits = match[2]!.replaceAll('_', '')
  if (digits === '0x') return null
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits)
}

/** What a number with a unit counts: bytes, or nanoseconds as `ts` does. */
const UNITS: Readonly<Record<string, bigint>> = {
  K: 1n << 10n,
  M: 1n << 20n,
  G: 1n << 30n,
  T: 1n << 40n,
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
}

/** `2M` as bytes, `1ms` as nanoseconds; null: it is no such thing. */
export function amountOf(text: string): bigint | null {
  const match = /^(\d+)(K|M|G|T|ns|us|µs|ms|s)$/.exec(text)
  return match ? BigInt(match[1]!) * UNITS[match[2]!]! : null
}
