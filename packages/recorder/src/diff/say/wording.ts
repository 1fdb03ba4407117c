import { many } from '../../event/quantity.ts'
import { type Geometry, hexOf } from '@pagetrail/engine'

import { fieldValues } from '../../say/event-fields.ts'
import { eventText } from '../../say/event-words.ts'
import { errnoText, rangeText } from '../../say/value.ts'
import { COST_LABELS, COST_NAMES, type CostName, type Costs, exactly } from '../../cost/costs.ts'
import { costText, hasCost } from '../../cost/cost-text.ts'
import { hex16, ptdumpLine } from '../../tables/leaves.ts'
import type { Leaf } from '../../tables/leaves.ts'
import type { MappingDifference } from '../../tables/compare-mappings.ts'
import { WHOLE_RUN } from '../align/call-stream.ts'
import { unseenEffects } from '../effects.ts'
import { laneTexts } from './lane-texts.ts'
import { TELLING_COSTS } from '../pair-tally.ts'
import type { Diff, EffectGroup, Geometries, Lone, PairGroup, Side } from '../result.ts'
import type { CallRef, DivergenceRow } from '../pair-result.ts'

/** `17 bpf_nojit_small/a76/7.3.4 (ftrace, kernel 7.3.4, 2346 events)`. */
export function sideText(side: Side): string {
  const origin = [
    side.source,
    ...(side.kernel === null ? [] : [`kernel ${side.kernel}`]),
    ...(side.build === null ? [] : [`build ${side.build}`]),
    ...(side.flavour === null || side.kernel !== null ? [] : [side.flavour]),
    many(side.events, 'event'),
    many(side.calls, 'call'),
  ]
  return `${side.id} ${side.label} (${origin.join(', ')})`
}

/** The verdict, with how far it reaches. */
export function verdictText(diff: Diff): string {
  const { calls, left, right, outcome } = diff
  const parts: string[] = [diff.verdict]
  if (isPartial(diff)) {
    if (!isByLoneCalls(diff)) parts[0] += ` in the ${many(calls.paired, 'call')} that both made`
    if (calls.otherInput > 0) parts.push(`${many(calls.otherInput, 'pair')} of another size`)
    for (const [side, { total }] of [
      ['left', calls.onlyLeft],
      ['right', calls.onlyRight],
    ] as const) {
      if (total > 0) parts.push(`${many(total, 'call')} only on the ${side}`)
    }
  }
  if (diff.outside?.pathDiffers) {
    const text = outsideText(diff, true)
    parts.push(`outside of calls ${text === '' ? 'other events' : text}`)
  }
  if (isByRestAlone(diff)) {
    const { rest } = diff.path
    parts.push(
      rest === null ? "others' areas were treated otherwise" : 'with other instructions in flushes',
    )
  }
  if (left.cannotShow.length + right.cannotShow.length > 0) parts.push('as far as both runs show')
  if (diff.effect.unknown.length > 0 && unseen(diff).length > 0) {
    parts.push(`${unseen(diff).join(' and ')} not visible`)
  }
  if (outcome.answer === 'unknown') parts.push('part of the outcome being unknown')
  // Whatever the verdict is, it speaks of what was not lost.
  if (diff.verdict === 'unknown' || calls.torn + left.lost + right.lost > 0)
    parts.push(...diff.incomplete)
  return parts.join(', ')
}

/** What both made and what the tables hold at the end is the same: that a side made a call more is the difference. */
const isByLoneCalls = ({ verdict, outcome }: Diff): boolean =>
  verdict === 'different outcome' &&
  outcome.different.total === 0 &&
  outcome.mapping.answer !== 'different'

/** Every row is the same, and what is compared without rows is not. */
const isByRestAlone = ({ verdict, path, outside }: Diff): boolean =>
  verdict === 'same effects by another path' &&
  (path.rest !== null || path.others !== null) &&
  path.changed + path.onlyLeft + path.onlyRight + path.renamed === 0 &&
  outside?.pathDiffers !== true

/** What neither effect nor path can speak of, in words of a verdict. */
export const unseen = ({ effect }: Diff): string[] =>
  unseenEffects(effect.unknown).map((what) => (what === 'held' ? 'flushes' : 'barriers'))

/** Some calls have no counterpart with the same input, and the verdict does not speak of them. */
export const isPartial = ({ calls }: Diff): boolean =>
  calls.paired > 0 && calls.otherInput + calls.onlyLeft.total + calls.onlyRight.total > 0

/** The same of calls that no missing events explain: those without which the runs differ. */
export const hasOwnCalls = (diff: Diff): boolean => diff.calls.paired > 0 && ownCalls(diff) > 0

/** How many calls one run made otherwise or alone, as far as no missing events explain it. */
export const ownCalls = ({ calls }: Diff): number =>
  calls.otherInput + unexplained(calls.onlyLeft) + unexplained(calls.onlyRight)

const unexplained = ({ total, byFunction, byReason }: Lone): number =>
  WHOLE_RUN.fn in byFunction ? 0 : total - (byReason.loss ?? 0)

/** Neither run has calls: what happened is compared as one. */
export const isWithoutCalls = ({ groups }: Diff): boolean =>
  groups.items.some(({ example }) => example.left.op === WHOLE_RUN.op)

/** What the verdict rests on, and what it leaves out: a sentence each. */
export function scopeTexts(diff: Diff): string[] {
  const { calls } = diff
  const texts = [
    isWithoutCalls(diff)
      ? 'no calls: the runs are compared as a whole'
      : `${many(calls.paired, 'pair')} of calls compared`,
  ]
  if (calls.torn > 0)
    texts.push(`${many(calls.torn, 'pair')} with lost events: only returns are compared`)
  if (calls.otherInput > 0) {
    texts.push(
      `${many(calls.otherInput, 'pair')} of one function but another size, left out of the verdict`,
    )
  }
  for (const [name, { total, byFunction }] of [
    ['left', calls.onlyLeft],
    ['right', calls.onlyRight],
  ] as const) {
    if (total === 0) continue
    const some = `${many(total, 'call')} only on the ${name}: ${callCounts(byFunction)}`
    texts.push(WHOLE_RUN.fn in byFunction ? `the ${name} run has no calls` : some)
  }
  texts.push(...laneTexts(diff), ...askedTexts(diff))
  if (diff.addresses === 'relative') {
    texts.push(
      'addresses by their place in the call, stores by the bits they change: the runs are of different boots',
    )
  }
  return texts
}

/** The most frequent first. */
const callCounts = (byFunction: Readonly<Record<string, number>>): string =>
  Object.entries(byFunction)
    .toSorted(([, a], [, b]) => b - a)
    .map(([fn, n]) => `${n} ${fn}`)
    .join(', ')

/** Kinds that a side could not show, as words. */
export function unknownTexts(diff: Diff): string[] {
  const texts = (['left', 'right'] as const).flatMap((name) => {
    const kinds = diff[name].cannotShow
    return kinds.length > 0 ? [`unknown: the ${name} run cannot show ${kinds.join(', ')}`] : []
  })
  const { neitherShows } = diff
  if (neitherShows.length > 0)
    texts.push(`unknown: neither run can show ${neitherShows.join(', ')}`)
  return texts
}

/** What the question was narrowed to, a phrase each. */
export function askedTexts({ asked }: Diff): string[] {
  const roles = Object.entries(asked.map).map(([left, right]) => `${left} ≙ ${right}`)
  return [
    ...(asked.calls === null ? [] : [`only calls ${asked.calls}`]),
    ...(asked.filter === null ? [] : [`only events with ${asked.filter}`]),
    ...(asked.ignore.length > 0 ? [`ignoring ${asked.ignore.join(', ')}`] : []),
    ...(roles.length > 0 ? [`one role: ${roles.join(', ')}`] : []),
  ]
}

/** Two calls of a pair whose outcome differs; where they return the same, that it is in what they stored. */
export function unlikeText(left: CallRef, right: CallRef, { geometries }: Diff): string {
  const calls = `${callText(left, geometries.left)} | ${callText(right, geometries.right)}`
  return returnsAlike(left, right) ? `${calls}, and what it stored translates differently` : calls
}

export const returnsAlike = (left: CallRef, right: CallRef): boolean =>
  left.ret === right.ret && left.endedBy === right.endedBy

/** `set_memory_ro 0xffff80007a114000 +1p = 0`. */
export function callText(
  { fn, va, end, ret, endedBy }: CallRef,
  geometry: Geometry | null,
): string {
  const range = va === null ? '' : ` ${rangeText(va, end, geometry)}`
  return `${fn}${range} = ${ret === null ? (endedBy ?? '?') : errnoText(ret)}`
}

/**
 * The events of a row on one line each. Where their words are the same though they differ, with the fields in which
 * they do.
 */
export function rowTexts({ left, right, status }: DivergenceRow, geometries: Geometries) {
  const a = left && `${left.seq} ${eventText(left, geometries.left)}`
  const b = right && `${right.seq} ${eventText(right, geometries.right)}`
  const isHidden =
    status === 'changed' && left && right && a?.slice(a.indexOf(' ')) === b?.slice(b.indexOf(' '))
  if (!isHidden) return { left: a, right: b }
  const theirs = new Map(fieldValues(right))
  const fields = fieldValues(left).filter(([name, value]) => theirs.get(name) !== value)
  const mine = fields.map(([name, value]) => `${name}=${value}`)
  const others = fields.map(([name]) => `${name}=${theirs.get(name) ?? '?'}`)
  return { left: [a, ...mine].join(' '), right: [b, ...others].join(' ') }
}

export interface CostRow {
  readonly name: CostName
  readonly label: string
  readonly left: string
  readonly right: string
  readonly change: string
}

/** Costs that either side has; `?` where a side does not show it, `≥ n` where it shows a part. */
export const costRows = (left: Costs, right: Costs): CostRow[] =>
  COST_NAMES.filter((name) => hasCost(left, name) || hasCost(right, name)).map((name) =>
    costRow(name, left, right),
  )

function costRow(name: CostName, left: Costs, right: Costs): CostRow {
  const a = exactly(left, name)
  const b = exactly(right, name)
  const change = a === null || b === null ? '?' : signed(b - a)
  const texts = { left: costText(left, name), right: costText(right, name) }
  return { name, label: COST_LABELS[name], ...texts, change }
}

/** The costs of the pairs as cells, and where that is not the same those of all calls beside them. */
export interface CostTable {
  readonly of: string
  readonly columns: readonly string[]
  readonly rows: readonly (CostRow & { readonly cells: readonly string[] })[]
}

export function costTable(diff: Diff): CostTable {
  const { pairedLeft, pairedRight, left, right } = diff.cost
  const of = isWithoutCalls(diff) ? 'of the runs' : `of the ${many(diff.calls.paired, 'pair')}`
  const isSome = isPartial(diff) || diff.calls.paired === 0
  const sides = isSome ? [pairedLeft, pairedRight, left, right] : [pairedLeft, pairedRight]
  const rows = COST_NAMES.filter((name) => sides.some((costs) => hasCost(costs, name))).map(
    (name) => {
      const row = costRow(name, pairedLeft, pairedRight)
      const cells = [row.left, row.right, row.change]
      if (isSome) cells.push(costText(left, name), costText(right, name))
      return Object.assign(row, { cells })
    },
  )
  const columns = ['left', 'right', 'change', ...(isSome ? ['all left', 'all right'] : [])]
  return { of, columns, rows }
}

/** What was done outside of calls: `TLB flushes 21 | 19`; empty: nothing that counts. `differs`: only what does. */
export function outsideText({ cost }: Diff, differs = false): string {
  return costRows(cost.outsideLeft, cost.outsideRight)
    .filter(({ name, change }) => TELLING_COSTS.includes(name) && !(differs && change === '='))
    .map(({ label, left, right }) => `${label.trim()} ${left} | ${right}`)
    .join(', ')
}

const signed = (n: number): string => (n === 0 ? '=' : n > 0 ? `+${n}` : `${n}`)

/** What changed in a group's costs: `callbacks +68, barriers -2`. */
export function groupCosts(group: PairGroup): string {
  const { leftCosts, rightCosts } = group
  const texts = costRows(leftCosts, rightCosts)
    .filter((row) => TELLING_COSTS.includes(row.name) && row.change !== '=' && row.change !== '?')
    .map((row) => `${row.label.trim()} ${row.change}`)
  return texts.join(', ')
}

/** `64 × descriptor pte in set_direct_map_invalid_noflush: -VALID | +NG -VALID`. */
export function effectText(group: EffectGroup): string {
  const { count, fn, what, level, left, right } = group
  const place = level === null ? (count === 1 ? ` ${group.example.where}` : '') : ` ${level}`
  return `${count} × ${what}${place} in ${fn}: ${left ?? 'nothing'} | ${right ?? 'nothing'}`
}

/** Where the first of a group is. */
export function effectExample({ example, level, count }: EffectGroup): string {
  const where =
    level === null && count === 1
      ? ''
      : ` at ${example.where.slice(level === null ? 0 : level.length + 1)}`
  const seqs = [example.leftSeq, example.rightSeq].map((seq) => (seq === null ? '-' : `${seq}`))
  const events =
    example.leftSeq === null && example.rightSeq === null ? '' : `, event ${seqs.join(' | ')}`
  const calls =
    example.leftOp === WHOLE_RUN.op
      ? 'between calls'
      : `call ${example.leftOp} | ${example.rightOp}`
  return `${calls}${where}${events}`
}

/**
 * A differing range in ptdump's words, a line per side, without its columns: they would leave no room for what ptdump
 * does not show, the bits that differ, with which the second line ends.
 */
export function mappingTexts({ va, end, left, right, bits }: MappingDifference): string[] {
  const side = (leaf: Leaf | null) =>
    leaf === null
      ? `${hex16(va)}-${hex16(end)} not mapped`
      : `${ptdumpLine({ ...leaf, va, end }).replace(/ +/g, ' ')} → ${hexOf(leaf.pa)}`
  return [`- ${side(left)}`, [`+ ${side(right)}`, ...bits].join(' ')]
}
