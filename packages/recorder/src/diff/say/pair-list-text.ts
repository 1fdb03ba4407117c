import { count } from '../../event/quantity.ts'
import { many } from '../../event/quantity.ts'
import type { Geometry } from '@pagetrail/engine'

import { fenced, markdownCell, markdownText } from '../../say/markdown.ts'
import { pagesText } from '../../say/value.ts'
import type { ListedAlone, ListedPairs } from '../pair-list.ts'
import { LISTED_COSTS } from '../pair-way.ts'
import type { RepeatedRow } from '../repeated-rows.ts'
import type { Diff, Geometries } from '../result.ts'
import { rowTexts } from './wording.ts'

/** Calls of a group that a line names. */
const NAMED = 6

/** Every pair of calls, in groups that differ in the same way; each difference once with how often it occurs. */
export function* pairListText({ pairs: list, geometries }: Diff): Generator<string> {
  if (list === null) return
  const { pairs, alone } = list
  yield 'pairs of calls, the worst first; costs are right minus left'
  for (const group of pairs) {
    yield ''
    yield `${count(group.count).padStart(8)} × ${headOf(group, geometries)}`
    yield `${INDENT}${costsOf(group)}`
    yield `${INDENT}calls ${namesOf(group.calls.map(([left, right]) => `${left}|${right}`))}`
    for (const row of group.rows)
      for (const text of differenceTexts(row, geometries)) yield `${INDENT}${text}`
  }
  if (alone.length === 0) return
  yield ''
  yield 'calls without a counterpart'
  for (const group of alone) {
    yield ''
    yield `${count(group.count).padStart(8)} × ${aloneOf(group, geometries)}`
    yield `${INDENT}calls ${namesOf(group.calls.map(String))}`
  }
}

const INDENT = ' '.repeat(11)

/** Groups of pairs that a page in Markdown lists, and rows of one. */
const GROUPS = 40
const ROWS = 6

/** The same list as Markdown: a table of the groups, below it what differs in each. Empty: it was not asked for. */
export function pairListMarkdown({ pairs: list, geometries }: Diff): string {
  if (list === null) return ''
  const { pairs, alone } = list
  const shown = pairs.slice(0, GROUPS)
  const rest = pairs.slice(GROUPS).reduce((sum, { count }) => sum + count, 0)
  const lines = [
    `Pairs of calls, the worst first; costs are right minus left:`,
    '',
    `| pairs | call | verdict | ${LISTED_COSTS.join(' | ')} | time (ns) | calls |`,
    `|--:|---|---|${LISTED_COSTS.map(() => '--:').join('|')}|--:|---|`,
    ...shown.map((group) => groupRow(group, geometries)),
  ]
  if (rest > 0)
    lines.push('', `${count(rest)} pairs are in ${count(pairs.length - GROUPS)} groups more.`)
  const parts = shown.flatMap((group) => differenceBlock(group, geometries))
  if (parts.length > 0) lines.push(...parts)
  if (alone.length > 0) {
    lines.push('', 'Calls without a counterpart:', '')
    for (const group of alone)
      lines.push(
        `* ${count(group.count)} × ${markdownText(aloneOf(group, geometries))}: ${namesOf(group.calls.map(String))}`,
      )
  }
  return lines.join('\n')
}

function groupRow(group: ListedPairs, geometries: Geometries): string {
  const { more, time, calls } = group
  const cells = [
    count(group.count),
    callOf(group, geometries),
    notesOf(group),
    ...LISTED_COSTS.map((name) => changeOf(more[name])),
    changeOf(time),
    namesOf(calls.map(([left, right]) => `${left}\\|${right}`)),
  ]
  return `| ${cells.map((text, i) => (i === cells.length - 1 ? text : markdownCell(text))).join(' | ')} |`
}

function differenceBlock(group: ListedPairs, geometries: Geometries): string[] {
  const { rows, calls } = group
  if (rows.length === 0) return []
  const [left, right] = calls[0] ?? []
  const more = rows.length > ROWS ? [`… ${rows.length - ROWS} more`] : []
  return [
    '',
    `${count(group.count)} × ${markdownText(callOf(group, geometries))}: ${notesOf(group)} (first: call ${left} | ${right})`,
    '',
    ...fenced('diff', [
      ...rows.slice(0, ROWS).flatMap((row) => differenceTexts(row, geometries)),
      ...more,
    ]),
  ]
}

const headOf = (group: ListedPairs, geometries: Geometries): string =>
  `${callOf(group, geometries)}: ${notesOf(group)}`

function callOf(group: ListedPairs, geometries: Geometries): string {
  const { left, right, leftSize, rightSize } = group
  const fn = left.fn === right.fn ? left.fn : `${left.fn} ≙ ${right.fn}`
  const sizes = [sizeOf(leftSize, geometries.left), sizeOf(rightSize, geometries.right)]
  return `${fn}${leftSize === rightSize ? sizes[0] : sizes.join(' |')}`
}

const notesOf = ({ verdict, sameInput, reordered }: ListedPairs): string =>
  [verdict, ...(sameInput ? [] : ['other size']), ...(reordered ? ['reordered'] : [])].join(', ')

const aloneOf = ({ side, call, size, reason }: ListedAlone, geometries: Geometries): string =>
  `${call.fn}${sizeOf(size, geometries[side])}: only on the ${side} (${reason})`

const sizeOf = (size: number | null, geometry: Geometry | null): string => {
  const text = size === null ? '' : pagesText(BigInt(size), geometry)
  return text === '' ? '' : ` ${text}`
}

function costsOf({ more, time, count }: ListedPairs): string {
  const costs = LISTED_COSTS.map((name) => `${name} ${changeOf(more[name])}`)
  const together = count > 1 ? ` in ${many(count, 'pair')}` : ''
  return `${costs.join(', ')}${count > 1 ? ' each' : ''}; time ${changeOf(time)} ns${together}`
}

const changeOf = (change: number | null): string => {
  if (change === null) return '?'
  if (change === 0) return '='
  return change > 0 ? `+${count(change)}` : `-${count(-change)}`
}

/** The first few, and how many more. */
const namesOf = (names: readonly string[]): string =>
  names.length <= NAMED + 1
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')}, … ${count(names.length - NAMED)} more`

function differenceTexts(row: RepeatedRow, geometries: Geometries): string[] {
  const times = row.count > 1 ? ` × ${count(row.count)}` : ''
  const { left, right } = rowTexts(row, geometries)
  if (row.status === 'changed') return [`~ ${left}${times}`, `  ${right}`]
  return row.status === 'left' ? [`- ${left}${times}`] : [`+ ${right}${times}`]
}
