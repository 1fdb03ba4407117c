import { u64OfText } from '@pagetrail/engine'

import { didYouMean, nearest } from '../event/nearest.ts'
import { type Check, checkOf, checkOfFields, type Operand } from './field-check.ts'
import { FIELD_NAMES, fieldNamed, meaningsOf } from './filter-fields.ts'
import {
  amountOf,
  type Comparator,
  COMPARATORS,
  FilterError,
  numberOf,
  type Token,
  tokens,
} from './lex.ts'
import type { Meaning } from './meaning.ts'

/**
 * The one grammar of filters, ftrace's with names checked:
 *
 *     kind == desc_write && level == pmd && (va >= 0xffff800080000000 || fn ~ "set_memory_*")
 *
 * Fields are seq, cpu, op, nest, ts, task, kind, src, every field of KINDS, the free fields `x_…`; size (bytes of a
 * range), comm and pid of the task, numpages and every other argument of a call as args.NAME. A name may be shortened
 * as long as no other begins so. Operators are == != < <= > >=, & (a common bit), ~ (a glob), `in A-B` (both ends
 * included), ! && || and parentheses. Numbers may have a unit, 2M or 1ms, or be another field of the event,
 * `old != new`. A comparison with a value that the event does not have is false; its negation with ! is true.
 */
export interface Filter {
  readonly text: string
  readonly root: FilterNode
}

export type FilterNode =
  | { readonly type: 'and' | 'or'; readonly parts: readonly FilterNode[] }
  | { readonly type: 'not'; readonly part: FilterNode }
  | { readonly type: 'test'; readonly field: string; readonly checks: readonly Check[] }

/** Throws FilterError with the position and the nearest name. An empty text accepts every event. */
export function parseFilter(text: string): Filter {
  const found = tokens(text)
  if (found.length === 0) return { text, root: { type: 'and', parts: [] } }
  const parser = new Parser(text, found)
  return { text, root: parser.whole() }
}

/** Nesting of parentheses and negations that is still read. */
const MAX_DEPTH = 100

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string, found: readonly Token[]) {
    this.#text = text
    this.#tokens = found
  }

  whole(): FilterNode {
    const root = this.#alternatives()
    const rest = this.#tokens[this.#at]
    if (rest) throw this.#error(`expected && or || before ${rest.text}`, rest.start)
    return root
  }

  #alternatives(): FilterNode {
    return this.#joined('or', '||', () => this.#joined('and', '&&', () => this.#unary()))
  }

  #joined(type: 'and' | 'or', operator: string, part: () => FilterNode): FilterNode {
    const parts = [part()]
    while (this.#take(operator)) parts.push(part())
    return parts.length === 1 ? parts[0]! : { type, parts }
  }

  #unary(): FilterNode {
    if (++this.#depth > MAX_DEPTH) throw this.#error('nested too deeply', this.#here())
    const node = this.#nested() ?? this.#comparison()
    this.#depth--
    return node
  }

  #nested(): FilterNode | null {
    if (this.#take('!')) return { type: 'not', part: this.#unary() }
    if (!this.#take('(')) return null
    const inner = this.#alternatives()
    if (!this.#take(')')) throw this.#error('a parenthesis is not closed', this.#here())
    return inner
  }

  #comparison(): FilterNode {
    const field = this.#tokens[this.#at++]
    if (field?.type !== 'word') throw this.#error('expected the name of a field', this.#here(-1))
    const name = fieldNamed(field.text)
    const meanings = name === undefined ? undefined : meaningsOf(name)
    if (name === undefined || !meanings) throw this.#unknownField(field)
    const operator = this.#tokens[this.#at++]
    const op = COMPARATORS.find((comparison) => comparison === operator?.text)
    if (!operator || !op) {
      throw this.#error(`expected ${COMPARATORS.join(' ')} after ${field.text}`, this.#here(-1))
    }
    const value = this.#tokens[this.#at]
    if (!value || value.type === 'operator') {
      throw this.#error(`expected a value after ${op}`, this.#here())
    }
    this.#at++
    const operand = op === 'in' ? this.#range(value) : single(value)
    const other = (value.type === 'word' && meaningsOf(value.text)) || []
    const checks = meanings
      .flatMap((meaning) => [
        checkOf(meaning, op, operand),
        ...other.map((right) => checkOfFields(meaning, op, value.text, right)),
      ])
      .filter((check) => check !== null)
    if (checks.length === 0) throw this.#wrongValue(name, meanings, op, value)
    return { type: 'test', field: name, checks }
  }

  /** `A-B`, in one word or with spaces around the dash. */
  #range(first: Token): Operand {
    let text = first.text
    while (!/.-./.test(text) && this.#tokens[this.#at]?.type === 'word') {
      text += this.#tokens[this.#at++]!.text
    }
    const [, low = '', high = ''] = /^(-?[^-]+)-(-?[^-]+)$/.exec(text) ?? []
    const [number, to] = [numberOf(low), numberOf(high)]
    const u64 = { number: u64OfText(low) ?? number, to: u64OfText(high) ?? to }
    if (u64.number === null || u64.to === null) {
      throw this.#error(`${text} is not a range such as 10-20 or 0x1000-0x2fff`, first.start)
    }
    if (u64.to < u64.number)
      throw this.#error(`the range ${text} ends before it begins`, first.start)
    return { text, number, to, u64 }
  }

  #unknownField(field: Token): FilterError {
    const begin = FIELD_NAMES.filter((name) => name.startsWith(field.text))
    const hint =
      begin.length > 0
        ? `, did you mean ${begin.join(' or ')}?`
        : didYouMean(field.text, FIELD_NAMES)
    return this.#error(`unknown field ${field.text}${hint}`, field.start)
  }

  #wrongValue(
    field: string,
    meanings: readonly Meaning[],
    op: Comparator,
    value: Token,
  ): FilterError {
    const names = meanings.flatMap((meaning) => [...meaning.codes.keys()])
    if (names.length > 0 && (op === '==' || op === '!=')) {
      const near = nearest(value.text, names)
      const hint = near ? `did you mean ${near}?` : `it is one of ${[...new Set(names)].join(', ')}`
      return this.#error(`${field} is never ${value.text}, ${hint}`, value.start)
    }
    return this.#error(`${field} cannot be compared so: ${op} ${value.text}`, value.start)
  }

  #take(operator: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.type !== 'operator' || token.text !== operator) return false
    this.#at++
    return true
  }

  #here(back = 0): number {
    return this.#tokens[this.#at + back]?.start ?? this.#text.length
  }

  #error(message: string, position: number): FilterError {
    return new FilterError(message, this.#text, position)
  }
}

function single({ type, text }: Token): Operand {
  const number = type === 'word' ? (numberOf(text) ?? amountOf(text)) : null
  const u64 = type === 'word' ? (u64OfText(text) ?? number) : null
  return { text, number, to: null, u64: { number: u64, to: null } }
}
