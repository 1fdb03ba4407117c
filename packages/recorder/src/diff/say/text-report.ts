import { count, many } from '../../event/quantity.ts'
import { escapeControls } from '../../say/value.ts'
import type { Diff } from '../result.ts'
import {
  callText,
  costTable,
  effectExample,
  effectText,
  groupCosts,
  isWithoutCalls,
  mappingTexts,
  outsideText,
  rowTexts,
  scopeTexts,
  sideText,
  unknownTexts,
  verdictText,
} from './wording.ts'
import type { CallRef, DivergenceRow } from '../pair-result.ts'

/** How parts of the text stand out; without one the text is plain. */
export interface DiffPaint {
  readonly title: (text: string) => string
  readonly left: (text: string) => string
  readonly right: (text: string) => string
  readonly changed: (text: string) => string
  readonly dim: (text: string) => string
}

const plain = (text: string): string => text
export const NO_PAINT: DiffPaint = {
  title: plain,
  left: plain,
  right: plain,
  changed: plain,
  dim: plain,
}

/** A line of the text, how it stands out, and the events that it names on either side. */
export interface DiffRow {
  readonly text: string
  readonly role: keyof DiffPaint | 'plain'
  /** Of a title, how much of it stands out; 0: all of the line. */
  readonly head: number
  readonly place: { readonly left: number | null; readonly right: number | null } | null
}

export interface TextOptions {
  /** Columns of the terminal; lines are cut to it. */
  readonly width?: number
  readonly paint?: DiffPaint
  /** Listed effects, ranges and groups. */
  readonly limit?: number
}

/** Under the name of a group. */
const NESTED = ' '.repeat(11)

/** Width from which two columns are worth it. */
const WIDE = 100

/** The diff for a terminal: verdict and first divergence first, then the four answers. */
export function* diffLines(diff: Diff, options: TextOptions = {}): Generator<string> {
  const { paint = NO_PAINT } = options
  for (const { text, role, head } of diffRows(diff, options)) {
    const end = head === 0 ? text.length : head
    const [first, rest] = [text.slice(0, end), text.slice(end)]
    yield role === 'plain' ? text : paint[role](first) + rest
  }
}

/** The same line by line, with the places that the lines name. */
export function* diffRows(diff: Diff, options: TextOptions = {}): Generator<DiffRow> {
  const writer = new TextDiff(diff, options)
  yield* writer.head()
  const { by } = diff.asked
  if (by === null || by === 'path') yield* writer.divergence()
  if (by === null || by === 'outcome') yield* writer.outcome()
  if (by === null || by === 'effect') yield* writer.effect()
  if (by === null || by === 'path') yield* writer.path()
  if (by === null || by === 'cost') yield* writer.cost()
  if (by === null || by === 'path' || by === 'cost') yield* writer.groups()
  yield* writer.tail()
}

type Place = DiffRow['place']

const line = (text: string, role: DiffRow['role'] = 'plain', place: Place = null): DiffRow => ({
  text,
  role,
  head: 0,
  place,
})

const callsAt = (left: CallRef, right: CallRef): Place => ({ left: left.seq, right: right.seq })

class TextDiff {
  private readonly diff: Diff
  private readonly width: number
  private readonly limit: number

  constructor(diff: Diff, { width = WIDE, limit = 10 }: TextOptions) {
    this.diff = diff
    this.width = Math.max(40, width)
    this.limit = limit
  }

  *head(): Generator<DiffRow> {
    const { diff } = this
    yield line(this.cut(`- ${sideText(diff.left)}`), 'left')
    yield line(this.cut(`+ ${sideText(diff.right)}`), 'right')
    yield line('')
    // Whole: a verdict that is cut speaks of less than it leaves out.
    for (const { text } of this.wrapped(verdictText(diff))) yield line(text, 'title')
    for (const text of scopeTexts(diff)) yield* this.wrapped(text)
    for (const text of diff.incomplete) yield* this.wrapped(`incomplete: ${text}`)
  }

  *divergence(): Generator<DiffRow> {
    const { first } = this.diff.path
    if (!first) return
    yield line('')
    if (isWithoutCalls(this.diff)) yield line('first divergence', 'title')
    else {
      yield this.title('first divergence', `in call ${first.left.op} | ${first.right.op}`)
      const place = callsAt(first.left, first.right)
      yield line(this.cut(`  - ${this.call('left', first.left)}`), 'left', place)
      yield line(this.cut(`  + ${this.call('right', first.right)}`), 'right', place)
    }
    yield line('')
    for (const row of first.rows) yield* this.row(row)
  }

  *outcome(): Generator<DiffRow> {
    const { outcome } = this.diff
    yield line('')
    yield this.title('outcome', outcome.answer)
    const none = outcome.sameReturn + outcome.differentReturn + outcome.unknownReturn === 0
    const returns = [none ? 'none to compare' : `${outcome.sameReturn} returned the same`]
    if (outcome.differentReturn > 0) returns.push(`${outcome.differentReturn} did not`)
    if (outcome.unknownReturn > 0) returns.push(`${outcome.unknownReturn} unknown`)
    yield* this.wrapped(`  calls: ${returns.join(', ')}`)
    for (const { left, right } of this.some(outcome.different)) {
      const place = callsAt(left, right)
      yield line(this.cut(`  - ${left.op} ${this.call('left', left)}`), 'left', place)
      yield line(this.cut(`  + ${right.op} ${this.call('right', right)}`), 'right', place)
    }
    yield* this.more(outcome.different.total)
    const { mapping } = outcome
    const proved =
      mapping.compared === 'final state' && mapping.answer === 'same' && mapping.ranges.total === 0
    yield* this.wrapped(
      `  final mapping: ${proved ? 'equal, every address' : mapping.answer}${mapping.compared === 'per call' ? ' (of the entries that each call wrote)' : ''}`,
    )
    for (const range of this.some(mapping.ranges)) {
      const [left = '', right = ''] = mappingTexts(range)
      for (const { text } of this.wrapped(`  ${left}`)) yield line(text, 'left')
      for (const { text } of this.wrapped(`  ${right}`)) yield line(text, 'right')
      if (range.change !== 'translation')
        yield line(`    (only its ${range.change} differs)`, 'dim')
    }
    yield* this.more(mapping.ranges.total)
  }

  *effect(): Generator<DiffRow> {
    const { effect } = this.diff
    yield line('')
    yield this.title('effect', effect.answer)
    const outside = (this.diff.outside?.effects.length ?? 0) > 0 ? ' and outside of calls' : ''
    if (effect.differences.total > 0) {
      yield* this.wrapped(
        `  ${effect.differences.total} in ${many(effect.differentPairs, 'pair')} of calls${outside}, left | right:`,
      )
    }
    for (const group of this.some(effect.groups)) {
      const { leftSeq, rightSeq } = group.example
      const place = { left: leftSeq, right: rightSeq }
      yield line(this.cut(`  ${effectText(group)}`), 'plain', place)
      yield line(this.cut(`      e.g. ${effectExample(group)}`), 'dim', place)
    }
    yield* this.more(effect.groups.total)
    if (effect.unknown.length > 0)
      yield line(this.cut(`  unknown: ${effect.unknown.join(', ')}`), 'dim')
  }

  *path(): Generator<DiffRow> {
    const { path } = this.diff
    yield line('')
    yield this.title('path', path.answer)
    const roles = path.renamed > 0 ? ` (${path.renamed} under another name)` : ''
    yield line(
      this.cut(
        `  ${count(path.same)} events the same${roles}, ${count(path.changed)} changed, ${count(path.onlyLeft)} only left, ${count(path.onlyRight)} only right`,
      ),
    )
    const between = this.diff.outside
    if (between?.pathDiffers) {
      const { same, changed, onlyLeft, onlyRight } = between.path
      yield line(
        this.cut(
          `  outside of calls ${same} the same, ${changed} changed, ${onlyLeft} only left, ${onlyRight} only right`,
        ),
      )
    }
    if (path.rest !== null) {
      const { fn, left, right, leftOp, rightOp } = path.rest
      const where = leftOp < 0 ? fn : `${fn}, call ${leftOp} | ${rightOp}`
      const pairs = path.restDiffers > 0 ? ` of ${many(path.restDiffers, 'pair')}` : ''
      yield* this.wrapped(
        `  what flushes${pairs} are made of differs, first in ${where}: ` +
          `${left || 'nothing'} | ${right || 'nothing'}`,
      )
    }
    if (path.others !== null) {
      const { left, right } = path.others
      yield* this.wrapped(
        `  what concerns areas that others left behind differs, in all calls: ${left || 'nothing'} | ${right || 'nothing'}`,
      )
    }
    const aside = path.asideLeft + path.asideRight
    if (aside > 0) {
      yield* this.wrapped(
        `  ${path.asideLeft} left and ${path.asideRight} right not compared: the other side cannot show them, or they concern what others left behind`,
      )
    }
  }

  *cost(): Generator<DiffRow> {
    const { of, columns, rows } = costTable(this.diff)
    yield line('')
    yield this.title('cost', of)
    const label = Math.max(10, ...rows.map((row) => row.label.length))
    const widths = columns.map((head, i) =>
      Math.max(5, head.length, ...rows.map(({ cells }) => cells[i]!.length)),
    )
    const row = (name: string, cells: readonly string[]): string => {
      const padded = cells.map((cell, i) => `${i === 3 ? '   ' : ''}${cell.padStart(widths[i]!)}`)
      return this.cut(`  ${name.padEnd(label)}  ${padded.join('  ')}`)
    }
    yield line(row('', columns), 'dim')
    for (const { label: name, cells, change } of rows) {
      yield line(row(name, cells), change === '=' ? 'dim' : 'plain')
    }
    const outside = outsideText(this.diff)
    if (outside !== '') yield* this.wrapped(`  outside of calls, left | right: ${outside}`)
  }

  *groups(): Generator<DiffRow> {
    const { groups } = this.diff
    if (isWithoutCalls(this.diff) || groups.total === 0) return
    yield line('')
    yield this.title('calls', 'by how they differ')
    for (const group of this.some(groups)) {
      const { left, right } = group.example
      const input = group.sameInput ? '' : ', other size'
      const place = callsAt(left, right)
      const head = `  ${`${group.count}`.padStart(6)} × ${group.fn}: ${group.verdict}${input}`
      yield line(this.cut(head), 'plain', place)
      const costs = groupCosts(group)
      const example = `${NESTED}e.g. call ${left.op} | ${right.op}${costs === '' ? '' : `; ${costs}`}`
      for (const { text } of this.wrapped(example, NESTED)) yield line(text, 'dim', place)
    }
    yield* this.more(groups.total)
  }

  *tail(): Generator<DiffRow> {
    const unknown = unknownTexts(this.diff)
    if (unknown.length > 0) yield line('')
    for (const text of unknown) yield* this.wrapped(text)
  }

  private *row(row: DivergenceRow): Generator<DiffRow> {
    const { left, right } = rowTexts(row, this.diff.geometries)
    const place = { left: row.left?.seq ?? null, right: row.right?.seq ?? null }
    if (row.status === 'left') yield line(this.cut(`  - ${left}`), 'left', place)
    else if (row.status === 'right') yield line(this.cut(`  + ${right}`), 'right', place)
    else if (row.status === 'changed' || row.status === 'renamed') {
      const role = row.status === 'changed' ? 'changed' : 'dim'
      const mark = row.status === 'changed' ? '~' : '≙'
      yield line(this.cut(`  ${mark} ${left}`), role, place)
      yield line(this.cut(`    ${right}`), role, place)
    } else yield line(this.cut(`    ${left}`), 'plain', place)
  }

  private call(side: 'left' | 'right', call: CallRef): string {
    return callText(call, this.diff.geometries[side])
  }

  private title(name: string, answer: string): DiffRow {
    return { ...line(`${name}  ${answer}`, 'title'), head: name.length }
  }

  private some<T>(list: { readonly items: readonly T[] }): readonly T[] {
    return list.items.slice(0, this.limit)
  }

  private *more(total: number): Generator<DiffRow> {
    if (total > this.limit) yield line(`  … ${total - this.limit} more`, 'dim')
  }

  /** Names come from captures: what a terminal would obey is shown instead. */
  private cut(raw: string): string {
    const text = escapeControls(raw)
    return text.length <= this.width ? text : `${text.slice(0, this.width - 1)}…`
  }

  /** Breaks at spaces, but not between a number and what it counts; further lines are indented. */
  private *wrapped(raw: string, indent = '    '): Generator<DiffRow> {
    let text = ''
    for (const word of escapeControls(raw).split(/(?<=\S)(?<!\b\d+) /)) {
      if (text !== '' && text.length + word.length + 1 > this.width) {
        yield line(text)
        text = indent
      }
      text += text.trim() === '' ? word : ` ${word}`
    }
    yield line(text)
  }
}
