import { count } from '../../event/quantity.ts'
import type { Diff, Divergence, Geometries } from '../result.ts'
import { fenced, markdownCode, markdownText } from '../../say/markdown.ts'
import { commandLines, type DiffPageOptions } from './command-lines.ts'
import { pairListMarkdown } from './pair-list-text.ts'
import {
  callText,
  costTable,
  effectExample,
  effectText,
  isWithoutCalls,
  mappingTexts,
  rowTexts,
  outsideText,
  scopeTexts,
  sideText,
  unknownTexts,
  verdictText,
} from './wording.ts'
import type { DivergenceRow } from '../pair-result.ts'

/** Listed differences of each sort: it shall stay one page. */
const LISTED = 8

/**
 * One page for a mail: verdict, numbers, first divergence, the list of pairs where it was asked for, and the commands
 * that show the same again.
 */
export function diffMarkdown(diff: Diff, options: DiffPageOptions = {}): string {
  const sections = [
    head(diff),
    numbers(diff),
    divergence(diff),
    differences(diff),
    pairListMarkdown(diff),
    limits(diff),
    commands(diff, options),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function head(diff: Diff): string {
  return [
    `# ${markdownText(`${diff.left.label} against ${diff.right.label}: ${verdictText(diff)}`)}`,
    '',
    `* left: ${markdownText(sideText(diff.left))}`,
    `* right: ${markdownText(sideText(diff.right))}`,
    ...scopeTexts(diff).map((text) => `* ${markdownText(text)}`),
    '',
    `| outcome | effect | path |`,
    `|---|---|---|`,
    `| ${outcomeCell(diff)} | ${effectCell(diff)} | ${pathCell(diff)} |`,
  ].join('\n')
}

function outcomeCell({ outcome }: Diff): string {
  const { sameReturn, differentReturn, unknownReturn, mapping } = outcome
  const returns = `${sameReturn} calls return the same, ${differentReturn} do not`
  const unknown = unknownReturn > 0 ? `, ${unknownReturn} unknown` : ''
  const proof =
    mapping.compared === 'final state'
      ? 'final mapping of every address'
      : 'entries that each call wrote'
  return `**${outcome.answer}**: ${returns}${unknown}; ${proof}: ${mapping.answer}`
}

function effectCell({ effect }: Diff): string {
  const unknown = effect.unknown.length > 0 ? `; unknown: ${effect.unknown.join(', ')}` : ''
  return `**${effect.answer}**: ${effect.differentPairs} pairs differ${unknown}`
}

function pathCell({ path }: Diff): string {
  const roles = path.renamed > 0 ? ` (${path.renamed} under another name)` : ''
  return `**${path.answer}**: ${count(path.same)} events the same${roles}, ${count(path.changed)} changed, ${count(path.onlyLeft)} only left, ${count(path.onlyRight)} only right`
}

function numbers(diff: Diff): string {
  const { of, columns, rows } = costTable(diff)
  const outside = outsideText(diff)
  return [
    `| cost ${of} | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '--:').join('|')}|`,
    ...rows.map(({ label, cells }) => `| ${label.trim()} | ${cells.join(' | ')} |`),
    ...(outside === '' ? [] : ['', `Outside of calls, left | right: ${outside}`]),
  ].join('\n')
}

function divergence(diff: Diff): string {
  const { first } = diff.path
  if (!first) return ''
  const where = isWithoutCalls(diff) ? 'First divergence:' : divergingCalls(first, diff.geometries)
  const rows = first.rows.flatMap((row) => rowLines(row, diff.geometries))
  return [where, '', ...fenced('diff', rows)].join('\n')
}

const divergingCalls = ({ left, right }: Divergence, geometries: Geometries): string =>
  `First divergence, in ${markdownCode(callText(left, geometries.left))} (call ${left.op}) against ` +
  `${markdownCode(callText(right, geometries.right))} (call ${right.op}):`

function rowLines(row: DivergenceRow, geometries: Geometries): string[] {
  const texts = rowTexts(row, geometries)
  const left = texts.left && `- ${texts.left}`
  const right = texts.right && `+ ${texts.right}`
  if (row.status === 'same') return [`  ${left?.slice(2)}`]
  if (row.status === 'renamed') return [`  ${left?.slice(2)}  ≙  ${right?.slice(2)}`]
  return [left, right].filter((line) => line !== null)
}

function differences(diff: Diff): string {
  const { differences: effects, groups } = diff.effect
  const { ranges } = diff.outcome.mapping
  const lines: string[] = []
  if (effects.total > 0) {
    lines.push(`${effects.total} effects differ (left | right):`, '')
    for (const group of groups.items.slice(0, LISTED)) {
      lines.push(`* ${markdownText(`${effectText(group)} (first: ${effectExample(group)})`)}`)
    }
    if (groups.total > LISTED) lines.push(`* … ${groups.total - LISTED} other sorts`)
  }
  if (ranges.total > 0) {
    if (lines.length > 0) lines.push('')
    lines.push(`${ranges.total} ranges of the final mapping differ:`, '')
    lines.push(...fenced('diff', ranges.items.slice(0, LISTED).flatMap(mappingTexts)))
  }
  return lines.join('\n')
}

function limits(diff: Diff): string {
  const texts = [...unknownTexts(diff), ...diff.incomplete.map((text) => `incomplete: ${text}`)]
  return texts.map((text) => `* ${markdownText(text)}`).join('\n')
}

function commands(diff: Diff, options: DiffPageOptions): string {
  return ['To see it again:', '', ...fenced('sh', commandLines(diff, options))].join('\n')
}
