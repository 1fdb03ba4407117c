import { comparable } from './field-check.ts'
import { FIELD_NAMES, FILTER_FIELDS, meaningsOf, sharedKinds } from './filter-fields.ts'
import { COMPARATORS, FilterError, type Token, tokens } from './lex.ts'

/** What could stand at the cursor: the text from `start` to `end` may be replaced by one of `candidates`. */
export interface Completion {
  readonly start: number
  readonly end: number
  readonly candidates: readonly string[]
}

/**
 * Candidates at a position of a filter that is being typed, those that begin with what is there first. `names` are
 * the texts that the run uses for functions and tasks; they are offered where a name is compared.
 */
export function completeFilter(
  text: string,
  cursor: number,
  names: readonly string[] = [],
): Completion {
  const before = readable(text.slice(0, cursor))
  const last = before.at(-1)
  const typing = last !== undefined && last.type === 'word' && last.end === cursor
  const context = typing ? before.slice(0, -1) : before
  const prefix = typing ? last.text : ''
  const candidates = matching(prefix, offered(context, names))
  return { start: cursor - prefix.length, end: cursor, candidates }
}

/** Tokens up to the first thing that cannot be read, such as an open quote. */
function readable(text: string): readonly Token[] {
  try {
    return tokens(text)
  } catch (error) {
    if (error instanceof FilterError) return tokens(text.slice(0, error.position))
    throw error
  }
}

function offered(context: readonly Token[], names: readonly string[]): readonly string[] {
  const [field, operator] = context.slice(-2)
  const last = context.at(-1)
  if (!last || /^(&&|\|\||!|\()$/.test(last.text)) return [...FIELD_NAMES, '(', '!']
  if (isComparison(last)) return valuesFor(context.at(-2)?.text ?? '', names)
  if (field && operator && isComparison(field)) return ['&&', '||']
  if (last.type === 'word' && meaningsOf(last.text)) return COMPARATORS
  return ['&&', '||', ')']
}

const isComparison = (token: Token): boolean =>
  COMPARATORS.some((comparison) => comparison === token.text)

function valuesFor(field: string, names: readonly string[]): string[] {
  const meanings = FILTER_FIELDS.get(field) ?? []
  const codes = meanings.flatMap((meaning) => [...meaning.codes.keys()])
  const texts = meanings.some((meaning) => meaning.class === 'name') ? names : []
  return [...new Set([...codes, ...texts, ...comparableWith(field)])]
}

/** Other fields that hold numbers of the same class in the same events. */
function comparableWith(field: string): string[] {
  const meanings = (FILTER_FIELDS.get(field) ?? []).filter(comparable)
  const others = [...FILTER_FIELDS].filter(
    ([name, rights]) =>
      name !== field &&
      rights.some((right) =>
        meanings.some(
          (left) => left.class === right.class && sharedKinds(left, right)?.length !== 0,
        ),
      ),
  )
  return others.map(([name]) => name)
}

function matching(prefix: string, offered: readonly string[]): string[] {
  const lower = prefix.toLowerCase()
  const starts = offered.filter((name) => name.toLowerCase().startsWith(lower))
  const contains = offered.filter(
    (name) => !starts.includes(name) && name.toLowerCase().includes(lower),
  )
  return [...starts, ...contains]
}
