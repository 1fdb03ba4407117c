import { escapeControls } from '../../sql/render.ts'
import type { Question } from '../options.ts'
import type { Diff, DivergenceRow } from '../result.ts'
import { eventText } from './event-text.ts'
import { plural } from './plural.ts'
import {
  callText,
  costRows,
  costTable,
  effectExample,
  effectText,
  groupCosts,
  isPartial,
  isWithoutCalls,
  mappingTexts,
  outsideText,
  scopeTexts,
  sideText,
  unknownTexts,
  verdictText,
} from './wording.ts'

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
export function* diffText(diff: Diff, options: TextOptions = {}): Generator<string> {
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

class TextDiff {
  private readonly diff: Diff
  private readonly width: number
  private readonly paint: DiffPaint
  private readonly limit: number

  constructor(diff: Diff, { width = WIDE, paint = NO_PAINT, limit = 10 }: TextOptions) {
    this.diff = diff
    this.width = Math.max(40, width)
    this.paint = paint
    this.limit = limit
  }

  *head(): Generator<string> {
    const { diff, paint } = this
    yield paint.left(this.cut(`- ${sideText(diff.left)}`))
    yield paint.right(this.cut(`+ ${sideText(diff.right)}`))
    yield ''
    yield paint.title(this.cut(verdictText(diff)))
    for (const text of scopeTexts(diff)) yield* this.wrapped(text)
    for (const text of diff.incomplete) yield* this.wrapped(`incomplete: ${text}`)
  }

  *divergence(): Generator<string> {
    const { first } = this.diff.path
    if (!first) return
    yield ''
    if (isWithoutCalls(this.diff)) yield this.paint.title('first divergence')
    else {
      yield this.title('first divergence', `in call ${first.left.op} | ${first.right.op}`)
      yield this.paint.left(this.cut(`  - ${callText(first.left)}`))
      yield this.paint.right(this.cut(`  + ${callText(first.right)}`))
    }
    yield ''
    for (const row of first.rows) yield* this.row(row)
  }

  *outcome(): Generator<string> {
    const { outcome } = this.diff
    yield ''
    yield this.title('outcome', outcome.answer)
    const none = outcome.sameReturn + outcome.differentReturn + outcome.unknownReturn === 0
    const returns = [none ? 'none to compare' : `${outcome.sameReturn} returned the same`]
    if (outcome.differentReturn > 0) returns.push(`${outcome.differentReturn} did not`)
    if (outcome.unknownReturn > 0) returns.push(`${outcome.unknownReturn} unknown`)
    yield* this.wrapped(`  calls: ${returns.join(', ')}`)
    for (const { left, right } of this.some(outcome.different)) {
      yield this.paint.left(this.cut(`  - ${left.op} ${callText(left)}`))
      yield this.paint.right(this.cut(`  + ${right.op} ${callText(right)}`))
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
      for (const text of this.wrapped(`  ${left}`)) yield this.paint.left(text)
      for (const text of this.wrapped(`  ${right}`)) yield this.paint.right(text)
      if (range.change !== 'translation')
        yield this.paint.dim(`    (only its ${range.change} differs)`)
    }
    yield* this.more(mapping.ranges.total)
  }

  *effect(): Generator<string> {
    const { effect } = this.diff
    yield ''
    yield this.title('effect', effect.answer)
    if (effect.differentPairs > 0) {
      yield* this.wrapped(
        `  ${effect.differences.total} in ${plural(effect.differentPairs, 'pair')} of calls, left | right:`,
      )
    }
    for (const group of this.some(effect.groups)) {
      yield this.cut(`  ${effectText(group)}`)
      yield this.paint.dim(this.cut(`      e.g. ${effectExample(group)}`))
    }
    yield* this.more(effect.groups.total)
    if (effect.unknown.length > 0)
      yield this.paint.dim(this.cut(`  unknown: ${effect.unknown.join(', ')}`))
  }

  *path(): Generator<string> {
    const { path } = this.diff
    yield ''
    yield this.title('path', path.answer)
    const roles = path.renamed > 0 ? ` (${path.renamed} under another name)` : ''
    yield this.cut(
      `  ${path.same} events the same${roles}, ${path.changed} changed, ${path.onlyLeft} only left, ${path.onlyRight} only right`,
    )
    const aside = path.asideLeft + path.asideRight
    if (aside > 0) {
      yield* this.wrapped(
        `  ${path.asideLeft} left and ${path.asideRight} right not compared: the other side cannot show them, or they concern what others left behind`,
      )
    }
  }

  *cost(): Generator<string> {
    const { of, columns, rows } = costTable(this.diff)
    yield ''
    yield this.title('cost', of)
    const label = Math.max(10, ...rows.map((row) => row.label.length))
    const widths = columns.map((head, i) =>
      Math.max(5, head.length, ...rows.map(({ cells }) => cells[i]!.length)),
    )
    const line = (name: string, cells: readonly string[]): string => {
      const padded = cells.map((cell, i) => `${i === 3 ? '   ' : ''}${cell.padStart(widths[i]!)}`)
      return this.cut(`  ${name.padEnd(label)}  ${padded.join('  ')}`)
    }
    yield this.paint.dim(line('', columns))
    for (const row of rows) {
      const text = line(row.label, row.cells)
      yield row.change === '=' ? this.paint.dim(text) : text
    }
    const outside = outsideText(this.diff)
    if (outside !== '') yield* this.wrapped(`  outside of calls, left | right: ${outside}`)
  }

  *groups(): Generator<string> {
    const { groups } = this.diff
    if (isWithoutCalls(this.diff) || groups.total === 0) return
    yield ''
    yield this.title('calls', 'by how they differ')
    for (const group of this.some(groups)) {
      const { left, right } = group.example
      const input = group.sameInput ? '' : ', other size'
      yield this.cut(`  ${`${group.count}`.padStart(6)} × ${group.fn}: ${group.verdict}${input}`)
      const costs = groupCosts(group)
      const example = `${NESTED}e.g. call ${left.op} | ${right.op}${costs === '' ? '' : `; ${costs}`}`
      for (const line of this.wrapped(example, NESTED)) yield this.paint.dim(line)
    }
    yield* this.more(groups.total)
  }

  *tail(): Generator<string> {
    const unknown = unknownTexts(this.diff)
    if (unknown.length > 0) yield ''
    for (const text of unknown) yield* this.wrapped(text)
  }

  private *row(row: DivergenceRow): Generator<string> {
    const { paint } = this
    const left = row.left ? eventText(row.left) : ''
    const right = row.right ? eventText(row.right) : ''
    if (row.status === 'left') yield paint.left(this.cut(`  - ${left}`))
    else if (row.status === 'right') yield paint.right(this.cut(`  + ${right}`))
    else if (row.status === 'changed' || row.status === 'renamed') {
      const style = row.status === 'changed' ? paint.changed : paint.dim
      const mark = row.status === 'changed' ? '~' : '≙'
      yield style(this.cut(`  ${mark} ${left}`))
      yield style(this.cut(`    ${right}`))
    } else yield this.cut(`    ${left}`)
  }

  private title(name: string, answer: string): string {
    return `${this.paint.title(name)}  ${answer}`
  }

  private some<T>(list: { readonly items: readonly T[] }): readonly T[] {
    return list.items.slice(0, this.limit)
  }

  private *more(total: number): Generator<string> {
    if (total > this.limit) yield this.paint.dim(`  … ${total - this.limit} more`)
  }

  /** Names come from captures: what a terminal would obey is shown instead. */
  private cut(raw: string): string {
    const text = escapeControls(raw)
    return text.length <= this.width ? text : `${text.slice(0, this.width - 1)}…`
  }

  /** Breaks at spaces, but not between a number and what it counts; further lines are indented. */
  private *wrapped(text: string, indent = '    '): Generator<string> {
    let line = ''
    for (const word of escapeControls(text).split(/(?<=\S)(?<!\b\d+) /)) {
      if (line !== '' && line.length + word.length + 1 > this.width) {
        yield line
        line = indent
      }
      line += line.trim() === '' ? word : ` ${word}`
    }
    yield line
  }
}

/** Whether a question was answered `same`, for exit statuses. */
export function answered(diff: Diff, by: Question | null): 'same' | 'different' | 'unknown' {
  if (by === null) return diff.verdict === 'identical' && !isPartial(diff) ? 'same' : 'different'
  if (by !== 'cost') return diff[by].answer
  const rows = costRows(diff.cost.pairedLeft, diff.cost.pairedRight)
  return rows.every((row) => row.change === '=' || row.name === 'time') ? 'same' : 'different'
}
