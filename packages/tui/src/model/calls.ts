import {
  type Diff,
  type DiffVerdict,
  pairListText,
  type PairList,
  count,
  sizeText,
} from '@pagetrail/recorder'
import { fit, fitEnd, fitMiddle, safe } from '../text/fit.ts'
import type { Role } from '../text/theme.ts'
import type { Link, PageLine } from './page.ts'

export const CALL_SORTS = ['run', 'verdict', 'cost'] as const
export type CallSort = (typeof CALL_SORTS)[number]

/** How the calls of a comparison are listed. */
export interface CallsView {
  readonly sort: CallSort
  /** Calls that differ in the same way are one. */
  readonly grouped: boolean
  /** Only calls with these words, or in which an event of one side matches; empty: all of them. */
  readonly filter: string
  /** Of an expression of the filter grammar: the calls of each side that it lets through. */
  readonly matching: Readonly<Record<'left' | 'right', ReadonlySet<number>>> | null
}

/** A pair of calls, or one alone. */
interface CallLine {
  readonly left: number | null
  readonly right: number | null
  readonly fn: string
  readonly size: number | null
  readonly sign: string
  /** 0: identical … 3: another outcome or alone. */
  readonly rank: number
  readonly cost: number
  readonly what: string
}

/** What stands for a verdict, and how it is painted. */
const SIGNS: Readonly<
  Record<DiffVerdict, readonly [sign: string, rank: number, role: Role | undefined]>
> = {
  identical: ['=', 0, 'same'],
  'same effects by another path': ['·', 1, undefined],
  unknown: ['?', 1, undefined],
  'same outcome, different effects': ['≠', 2, 'write'],
  'different outcome': ['!', 3, 'bad'],
}

/** The sign of a verdict, or of a call alone: these are looked for as they are. */
export const isSign = (text: string): boolean =>
  ['<', '>', ...Object.values(SIGNS).map(([sign]) => sign)].includes(text)

export type LoneReason = PairList['alone'][number]['reason']

/** Why a call has no partner on the other side. */
const REASONS: Readonly<Record<LoneReason, (other: string) => string>> = {
  lane: (other) => `${other} has no such task`,
  function: (other) => `${other} never calls it like this`,
  number: (other) => `${other} calls it less often`,
  rate: () => 'a timer decides how often',
  loss: (other) => `${other} has lost events, perhaps this call`,
}

/** `B calls it less often`: why only one side has a call. */
export const aloneReason = (side: 'left' | 'right', reason: LoneReason): string =>
  REASONS[reason](side === 'left' ? 'B' : 'A')

/** What the other side may have lost, and what a timer decides, is not known to differ. */
const rankAlone = (reason: LoneReason): number => (reason === 'loss' || reason === 'rate' ? 1 : 3)

/** `callbacks +68, barriers -2`: what one side does more of. */
function moreText(more: PairList['pairs'][number]['more']): string {
  return Object.entries(more)
    .filter(([, n]) => n !== 0)
    .map(([name, n]) => `${name} ${n === null ? '?' : n > 0 ? `+${count(n)}` : `-${count(-n)}`}`)
    .join(', ')
}

/** Every pair and every call alone, in the order of the run. */
function callLines({ pairs, alone }: PairList): CallLine[] {
  const lines: CallLine[] = []
  for (const group of pairs) {
    const [sign, rank] = SIGNS[group.verdict]
    const { left, right, more } = group
    const fn = left.fn === right.fn ? left.fn : `${left.fn} ≙ ${right.fn}`
    const costs = moreText(more)
    const notes = [
      ...(rank === 2 ? ['other effects'] : []),
      ...(group.verdict === 'unknown' ? ['events lost'] : []),
      ...(costs === '' ? [] : [costs]),
      ...(group.reordered ? ['order of events'] : []),
      ...(group.sameInput ? [] : ['other size']),
      ...(left.ret === right.ret ? [] : [`returns ${left.ret ?? '?'} ≠ ${right.ret ?? '?'}`]),
    ]
    const cost = Object.values(more).reduce<number>((sum, n) => sum + Math.abs(n ?? 0), 0)
    const what = notes.length > 0 || rank === 0 ? notes.join(', ') : group.verdict
    for (const [l, r] of group.calls) {
      lines.push({ left: l, right: r, fn, size: group.leftSize, sign, rank, cost, what })
    }
  }
  for (const { side, call, size, reason, calls } of alone) {
    for (const op of calls) {
      const [left, right] = side === 'left' ? [op, null] : [null, op]
      const sign = side === 'left' ? '<' : '>'
      const what = `only ${side === 'left' ? 'A' : 'B'}: ${aloneReason(side, reason)}`
      const rank = rankAlone(reason)
      lines.push({ left, right, fn: call.fn, size, sign, rank, cost: 0, what })
    }
  }
  return lines.toSorted((a, b) => (a.left ?? a.right ?? 0) - (b.left ?? b.right ?? 0))
}

const SORTED: Readonly<Record<CallSort, (a: CallLine, b: CallLine) => number>> = {
  run: () => 0,
  verdict: (a, b) => b.rank - a.rank,
  cost: (a, b) => b.cost - a.cost,
}

const known = new WeakMap<Diff, readonly CallLine[]>()

function linesOf(report: Diff): readonly CallLine[] {
  const lines = known.get(report) ?? (report.pairs ? callLines(report.pairs) : [])
  known.set(report, lines)
  return lines
}

/** As many columns as the longest name needs, where there is so much room. */
const nameColumns = (report: Diff, columns: number): number => {
  const longest = Math.max(8, ...new Set(linesOf(report).map(({ fn }) => fn.length)))
  return Math.min(longest, Math.max(16, columns - 52))
}

/** What the signs before the calls mean. */
export const CALL_SIGNS = '· path  ≠ effects  ! outcome  < only A  > only B'

/** How the calls are listed, in words. */
export function callsTitle({ sort, grouped, filter }: CallsView): string {
  if (grouped) return 'Calls that differ alike'
  const only = filter === '' ? '' : ` with ${safe(filter)}`
  return `Calls${only}${sort === 'run' ? '' : `, by ${sort}`}`
}

/** The heading of the page; groups need none. */
export function callsHead(report: Diff | null, { grouped }: CallsView, columns: number): string {
  if (grouped || !report) return ''
  const calls = [fitEnd('call A', 9), fitEnd('call B', 7)].join(' ')
  return `  ${calls}  ${fit('function', nameColumns(report, columns))} ${fitEnd('size', 7)}  what differs, B to A`
}

/** The page of calls, each a line that leads to it on the path. */
export function callsPage(report: Diff, view: CallsView, columns: number): PageLine[] {
  if (view.grouped) return groupedLines(report)
  const words = view.filter.toLowerCase().split(/\s+/)
  const name = nameColumns(report, columns)
  return linesOf(report)
    .filter((call) => {
      if (view.matching) {
        const { left, right } = view.matching
        return left.has(call.left ?? -1) || right.has(call.right ?? -1)
      }
      const text = `${call.fn} ${call.what} ${call.sign}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .toSorted(SORTED[view.sort])
    .map((call): PageLine => {
      const ops = [call.left, call.right].map((op) => fitEnd(op === null ? '' : count(op), 7))
      const fn = fitMiddle(safe(call.fn), name)
      const size = fitEnd(call.size === null ? '' : sizeText(call.size), 7)
      const link: Link =
        call.left === null
          ? { to: 'call', call: call.right ?? 0, side: 'right' }
          : { to: 'call', call: call.left, side: 'left' }
      const role = Object.values(SIGNS).find(([sign]) => sign === call.sign)?.[2]
      return {
        text: `${call.sign} ${ops.join(' ')}  ${fit(fn, name)} ${size}  ${safe(call.what)}`,
        role,
        link,
      }
    })
}

/** The words of `diff --calls-list`; a group leads to its first pair, a difference to its events. */
function groupedLines(report: Diff): PageLine[] {
  const { pairs = [], alone = [] } = report.pairs ?? {}
  const lines: PageLine[] = []
  let group = -1
  let row = 0
  for (const text of pairListText(report)) {
    if (/^ *[\d,]+ × /.test(text)) {
      group++
      row = 0
      lines.push({ text, role: 'call', link: groupLink(group, pairs, alone) })
    } else if (/^ +[~+-] /.test(text)) {
      const { left = null, right = null } = pairs[group]?.rows[row++] ?? {}
      const link: Link = { to: 'row', left: left?.seq ?? null, right: right?.seq ?? null }
      lines.push({
        text,
        role: /^ +~/.test(text) ? 'write' : /^ +-/.test(text) ? 'bad' : 'flush',
        link,
      })
    } else lines.push({ text })
  }
  return lines
}

function groupLink(
  at: number,
  pairs: PairList['pairs'],
  alone: PairList['alone'],
): Link | undefined {
  const pair = pairs[at]
  if (pair) return { to: 'row', left: pair.left.seq, right: pair.right.seq }
  const one = alone[at - pairs.length]
  if (!one) return undefined
  return one.side === 'left'
    ? { to: 'row', left: one.call.seq, right: null }
    : { to: 'row', left: null, right: one.call.seq }
}

const strips = new WeakMap<Diff, readonly number[]>()

/** How bad the worst call of each part of the run is, 0 … 3; parts from left to right. Looked for once. */
export function stripOf(report: Diff, parts: number): readonly number[] {
  const length = Math.min(parts, linesOf(report).length)
  const known = strips.get(report)
  if (known?.length === length) return known
  const strip = ranksOf(report, parts)
  strips.set(report, strip)
  return strip
}

function ranksOf(report: Diff, parts: number): number[] {
  const lines = linesOf(report)
  const strip = Array.from({ length: Math.min(parts, lines.length) }, () => 0)
  for (const [i, { rank }] of lines.entries()) {
    const part = Math.floor((i * strip.length) / lines.length)
    strip[part] = Math.max(strip[part] ?? 0, rank)
  }
  return strip
}

/** The call that begins a part of the strip; null: there are no calls. */
export function callAt(report: Diff, share: number): Link | null {
  const lines = linesOf(report)
  const call = lines[Math.min(lines.length - 1, Math.floor(share * lines.length))]
  if (!call) return null
  return call.left === null
    ? { to: 'call', call: call.right ?? 0, side: 'right' }
    : { to: 'call', call: call.left, side: 'left' }
}

/** Where on the strip a call of A stands, 0 … 1. */
export function shareOf(report: Diff, left: number): number {
  const lines = linesOf(report)
  const at = lines.findIndex((call) => (call.left ?? -1) >= left)
  return lines.length === 0 || at < 0 ? 0 : at / lines.length
}
