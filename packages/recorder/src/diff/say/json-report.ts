import { eventToJson } from '../../event/codec.ts'
import { toJson } from '../../event/json.ts'
import type { CallTreeRow, Diff, RepeatRow } from '../result.ts'
import { answerTo } from './answer.ts'
import { verdictText } from './wording.ts'
import type { DivergenceRow } from '../pair-result.ts'

/** A line that stands beside those of the diff itself. */
export interface JsonPart {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * The diff as JSON Lines: a header, a line per answer and per listed thing, and an end line that says how many there
 * were and whether the answer is complete. 64-bit values are `0x…` strings. Where one question was asked, only its
 * lines are there.
 */
export function* diffJsonLines(diff: Diff, more: Iterable<JsonPart> = []): Generator<string> {
  let rows = 0
  const line = (type: string, fields: object): string => {
    rows++
    return toJson({ type, ...fields })
  }
  const { by } = diff.asked
  const wants = (question: string): boolean => by === null || by === question
  const { left, right, addresses, asked } = diff
  yield toJson({ type: 'header', format: 1, verb: 'diff', left, right, addresses, asked })
  yield line('verdict', {
    verdict: diff.verdict,
    calls: counted(diff.calls),
    neitherShows: diff.neitherShows,
    scope: verdictText(diff),
    ...answerTo(diff),
  })
  const { mode, matched, interleaving } = diff.lanes
  yield line('lanes', { mode, lanes: matched.length, interleaving })
  for (const lane of matched) yield line('lane', lane)
  for (const call of diff.calls.onlyLeft.items) yield line('only', { side: 'left', call })
  for (const call of diff.calls.onlyRight.items) yield line('only', { side: 'right', call })
  if (wants('outcome')) {
    const { mapping } = diff.outcome
    yield line('outcome', { ...counted(diff.outcome), mapping: counted(mapping) })
    for (const pair of diff.outcome.different.items) yield line('outcome-pair', pair)
    for (const range of mapping.ranges.items) yield line('mapping', range)
  }
  if (wants('effect')) {
    yield line('effect', counted(diff.effect))
    for (const difference of diff.effect.differences.items)
      yield line('effect-difference', difference)
    for (const group of diff.effect.groups.items) yield line('effect-group', group)
  }
  if (diff.outside && (wants('path') || wants('effect'))) {
    yield line('outside', { ...diff.outside, effects: diff.outside.effects.length })
  }
  if (wants('path')) {
    const { first, ...path } = diff.path
    yield line('path', path)
    if (first) yield line('divergence', { ...first, rows: first.rows.map(rowJson) })
  }
  if (wants('cost')) yield line('cost', diff.cost)
  if (wants('path') || wants('cost')) {
    for (const group of diff.groups.items) yield line('group', group)
  }
  if (wants('path')) {
    for (const tree of diff.trees) yield line('tree', { ...tree, rows: tree.rows.map(treeRowJson) })
  }
  for (const group of diff.pairs?.pairs ?? []) {
    const differences = group.rows.map((row) => ({ ...rowJson(row), count: row.count }))
    yield line('pairs', { ...group, rows: differences })
  }
  for (const group of diff.pairs?.alone ?? []) yield line('alone', group)
  for (const { type, ...fields } of more) yield line(type, fields)
  yield toJson({
    type: 'end',
    rows,
    complete: diff.incomplete.length === 0 && cutLists(diff).length === 0,
    incomplete: [...diff.incomplete, ...cutLists(diff)],
  })
}

const rowJson = ({ status, left, right }: DivergenceRow) => ({
  status,
  left: left && eventToJson(left),
  right: right && eventToJson(right),
})

const treeRowJson = (row: CallTreeRow | RepeatRow) =>
  row.row !== 'events'
    ? row
    : {
        ...row,
        left: row.left && eventToJson(row.left),
        right: row.right && eventToJson(row.right),
      }

/** The same with each list as its length: the items are lines of their own. */
function counted(part: object): object {
  return Object.fromEntries(
    Object.entries(part).map(([name, value]: [string, unknown]) => [
      name,
      isListed(value) ? value.total : value,
    ]),
  )
}

const isListed = (value: unknown): value is { items: unknown[]; total: number } =>
  typeof value === 'object' && value !== null && 'items' in value && 'total' in value

/** What is only counted beyond the first, a sentence for each list. */
function cutLists({ calls, outcome, effect, groups }: Diff): string[] {
  const lists = [
    ['calls only on the left', calls.onlyLeft],
    ['calls only on the right', calls.onlyRight],
    ['pairs of another outcome', outcome.different],
    ['ranges of the final mapping', outcome.mapping.ranges],
    ['differences of effect', effect.differences],
    ['sorts of effect', effect.groups],
    ['groups of pairs', groups],
  ] as const
  return lists
    .filter(([, { items, total }]) => items.length < total)
    .map(([what, { items, total }]) => `${items.length} of ${total} ${what} are listed`)
}
