import { quoted } from '../diff/say/command-lines.ts'
import { type CostRow, costRows, effectText } from '../diff/say/wording.ts'
import { raceEnds, type TreeSearch } from '../tree/search-tree.ts'
import type { Finding } from '../check/finding.ts'
import {
  isChanged,
  isRacyApart,
  isUnknown,
  patchAnswer,
  type PatchReport,
  type ScenarioResult,
} from './compare-trees.ts'
import { type DiffVerdict, VERDICTS } from '../diff/pair-result.ts'

/** One section of the page: lines of text, or a table with its head. */
export type PatchSection =
  | { readonly title: string; readonly lines: readonly string[]; readonly isCode?: true }
  | {
      readonly title: string
      readonly head: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }

export interface PatchPageOptions {
  /** How the command that records a pair again is started. */
  readonly command: string
}

/** The verdict in a line: of the scenarios that were run, never of the whole kernel. */
export function headline(report: PatchReport): string {
  const answer = patchAnswer(report)
  if (answer === 'incomplete') return 'the same as far as both sides show'
  if (answer === 'same') {
    const run = report.results.length === 1 ? 'one scenario' : `${report.results.length} scenarios`
    return `page tables, TLBs and locks see no change in the ${run} run on both`
  }
  const changed = report.results.filter(isChanged)
  const worst = VERDICTS.findLast((verdict) => changed.some(({ diff }) => diff.verdict === verdict))
  const added = changed.flatMap((result) => result.added).length
  const gone = changed.flatMap((result) => result.gone).length
  const racy = report.results.filter(isRacyApart).length
  const findings = [
    ...(added > 0 ? [`${added} new ${added === 1 ? 'finding' : 'findings'}`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
    ...(racy > 0
      ? [`interleaved CPUs can end differently in ${racy} ${racy === 1 ? 'scenario' : 'scenarios'}`]
      : []),
  ]
  return [worst ?? 'identical', ...findings].join('; ')
}

/** What every form of the page says, in its order: the counts first. */
export function sections(report: PatchReport, options: PatchPageOptions): PatchSection[] {
  const changed = report.results.filter(isChanged)
  return [
    { title: 'Scenarios', lines: [countsOf(report.results)] },
    ...(changed.length > 0 ? [changedTable(changed)] : []),
    ...findingSections(changed),
    ...scheduleSection(report),
    ...costSection(report),
    ...limitSections(report),
    ...(changed[0]
      ? [
          {
            title: 'One of them in full',
            lines: commands(report, changed[0], options),
            isCode: true as const,
          },
        ]
      : []),
  ]
}

function countsOf(results: readonly ScenarioResult[]): string {
  const finished = results.filter(({ incomplete }) => incomplete.length === 0)
  const count = (verdict: DiffVerdict) =>
    finished.filter(({ diff }) => diff.verdict === verdict).length
  const counts = VERDICTS.map((verdict) => [count(verdict), verdict] as const).filter(
    ([n]) => n > 0,
  )
  const open = results.length - finished.length
  const rest = open > 0 ? [`${open} not run to the end`] : []
  const geometries = [...new Set(results.map(({ geometry }) => geometry))].join(', ')
  return `${results.length} run on both (${geometries}): ${[...counts.map(([n, verdict]) => `${n} ${verdict}`), ...rest].join(', ')}`
}

/** Named scenarios of a group, and effects of one; what is beyond is counted. */
const NAMES = 3
const EFFECTS = 2

/** Scenarios that differ in the same way are one row. */
function changedTable(changed: readonly ScenarioResult[]): PatchSection {
  const groups = Map.groupBy(changed, (result) => `${result.diff.verdict} ${wayOf(result)}`)
  return {
    title: 'What changes',
    head: ['verdict', 'scenarios', 'what differs'],
    rows: [...groups.values()]
      .toSorted((a, b) => rankOf(b) - rankOf(a) || b.length - a.length)
      .map((all) => [
        all[0]?.diff.verdict ?? '',
        listed(all.map(({ name }) => name)),
        differenceOf(all),
      ]),
  }
}

const rankOf = ([first]: readonly ScenarioResult[]): number =>
  first === undefined ? -1 : VERDICTS.indexOf(first.diff.verdict)

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES).join(', ')
  return names.length > NAMES ? `${shown} and ${names.length - NAMES} more` : shown
}

/** What differs, without where and how often. */
function wayOf({ diff }: ScenarioResult): string {
  const groups = diff.effect.groups.items.map(({ fn, what, level, left, right }) =>
    [fn, what, level, left, right].join(),
  )
  if (groups.length > 0 || diff.outcome.differentReturn > 0)
    return [...new Set(groups), diff.outcome.differentReturn > 0].join(' ')
  return pathKinds(diff).join()
}

/** The difference in words: that of the first scenario, with its name where there are several. */
function differenceOf(all: readonly ScenarioResult[]): string {
  const [first] = all
  if (first === undefined) return ''
  const { diff, name } = first
  const { items } = diff.effect.groups
  const where = all.length > 1 ? ` (in ${name})` : ''
  const returns =
    diff.outcome.differentReturn > 0
      ? [`${diff.outcome.differentReturn} calls return something else`]
      : []
  const effects = items.slice(0, EFFECTS).map(effectText)
  const more = items.length > EFFECTS ? [`${items.length - EFFECTS} more`] : []
  const said = [...returns, ...effects, ...more]
  if (said.length > 0) return `${said.join('; ')}${where}`
  const { changed, onlyLeft, onlyRight, renamed } = diff.path
  const names = renamed > 0 ? `, ${renamed} under another name` : ''
  const kinds = pathKinds(diff)
  const firstKinds = kinds.length > 0 ? `, the first: ${kinds.join(', ')}` : ''
  return `events: ${changed} changed, ${onlyLeft} only left, ${onlyRight} only right${names}${firstKinds}${where}`
}

/** Kinds of the events around the first divergence that the sides do not share. */
const pathKinds = ({ path }: ScenarioResult['diff']): string[] => [
  ...new Set(
    (path.first?.rows ?? []).flatMap(({ status, left, right }) =>
      status === 'same' || status === 'renamed' ? [] : [(left ?? right)?.kind ?? ''],
    ),
  ),
]

function findingSections(results: readonly ScenarioResult[]): PatchSection[] {
  const added = findingLines(results, ({ added: found }) => found)
  const gone = findingLines(results, ({ gone: found }) => found)
  return [
    ...(added.length > 0 ? [{ title: 'New findings', lines: added }] : []),
    ...(gone.length > 0 ? [{ title: 'Findings that are gone', lines: gone }] : []),
  ]
}

/** By rule: where, and the first of them in its own words. */
function findingLines(
  results: readonly ScenarioResult[],
  pick: (result: ScenarioResult) => readonly Finding[],
): string[] {
  const all = results.flatMap((result) =>
    pick(result).map((finding) => ({ finding, name: result.name })),
  )
  const lines: string[] = []
  for (const found of Map.groupBy(all, ({ finding }) => finding.rule).values()) {
    const [first] = found
    if (first === undefined) continue
    const { rule, hazard, severity, message } = first.finding
    const names = [...new Set(found.map(({ name }) => name))]
    lines.push(`${severity}: ${rule} (${hazard}) in ${listed(names)}`, `  ${message}`)
  }
  return lines
}

/** Scenarios with several CPUs: what their schedules can come to, where the sides are not the same. */
function scheduleSection({ results, right }: PatchReport): PatchSection[] {
  const lines: string[] = []
  for (const { name, geometry, searches } of results.filter(isRacyApart)) {
    if (searches === null) continue
    lines.push(
      `${name}: left ${schedulesText(searches.left)}; right ${schedulesText(searches.right)}`,
    )
    const [first] = raceEnds(searches.right)
    if (first === undefined) continue
    const what = `${quoted(name)} --tree ${quoted(right.path)} --geometry ${geometry}`
    lines.push(`  pagetrail record ${what} --schedule ${quoted(first.schedule)}`)
  }
  return lines.length > 0 ? [{ title: 'Interleaved CPUs', lines }] : []
}

function schedulesText(search: TreeSearch): string {
  const races = raceEnds(search)
  const all = `${search.runs + search.random} schedules`
  if (races.length === 0) return `every one of ${all} ends as some serial order of the CPUs does`
  const count = races.reduce((sum, { runs }) => sum + runs, 0)
  const dead = races.some(({ isDeadlocked }) => isDeadlocked) ? ' or in a deadlock' : ''
  return `${count} of ${all} end as no serial order of the CPUs does${dead}`
}

function costSection({ leftCosts, rightCosts }: PatchReport): PatchSection[] {
  const rows = costRows(leftCosts, rightCosts).filter((row) => row.left !== row.right)
  if (rows.length === 0) return []
  return [
    {
      title: 'Cost, over all scenarios',
      head: ['', 'left', 'right'],
      rows: rows.map(({ label, left, right }: CostRow) => [label, left, right]),
    },
  ]
}

function limitSections({ results, notRun, missed }: PatchReport): PatchSection[] {
  const reasons = results
    .filter(isUnknown)
    .map((result) => ({ name: result.name, why: whyUnknown(result) }))
  const refused = notRun.map(({ name, why }) => ({
    name,
    why: why.replace(/^[a-z_]+\[\d+\]\.\w+: /, ''),
  }))
  return [
    { title: 'Parts of a tree that were not found, so not shown', lines: missed },
    { title: 'Not answered in full', lines: byReason(reasons) },
    { title: 'Not run', lines: byReason(refused) },
  ].filter(({ lines }) => lines.length > 0)
}

function whyUnknown({ incomplete, undecided, diff, searches }: ScenarioResult): string {
  const isCut = searches !== null && !(searches.left.isComplete && searches.right.isComplete)
  const cut = isCut ? ['not all schedules were run'] : []
  const rules = undecided.map((rule) => `undecided: ${rule}`)
  return [...new Set([...incomplete, ...diff.incomplete, ...rules, ...cut])].join('; ')
}

const byReason = (named: readonly { readonly name: string; readonly why: string }[]): string[] =>
  [...Map.groupBy(named, ({ why }) => why)].map(
    ([why, all]) => `${listed(all.map(({ name }) => name))}: ${why}`,
  )

const commands = (
  { left, right }: PatchReport,
  { name, geometry }: ScenarioResult,
  { command }: PatchPageOptions,
) => [
  `${command} record ${quoted(name)} --tree ${quoted(left.path)} --tree ${quoted(right.path)} --geometry ${geometry}`,
  `${command} diff && ${command} check -1`,
]

export const titleOf = ({ left, right }: PatchReport): string =>
  `${right.called} against ${left.called}`

export const treeText = ({ path, version, describe }: PatchReport['left']): string =>
  `Linux ${version}${describe === null ? '' : ` (${describe})`}, ${path}`

const sidesOf = ({ left, right }: PatchReport): string[] => [
  `left: ${treeText(left)}`,
  `right: ${treeText(right)}`,
]

/** The page for a terminal. */
export function patchText(report: PatchReport, options: PatchPageOptions): string[] {
  const page = [
    `${titleOf(report)}: ${headline(report)}`,
    ...sidesOf(report).map((line) => `  ${line}`),
  ]
  for (const section of sections(report, options)) {
    const lines = 'lines' in section ? section.lines : tableText(section.head, section.rows)
    page.push('', section.title, ...lines.map((line) => `  ${line}`))
  }
  return page
}

/** Columns as wide as their widest cell; the last one as it comes. */
function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** The page for a mail. */
export function patchMarkdown(report: PatchReport, options: PatchPageOptions): string[] {
  const page = [
    `# ${titleOf(report)}: ${headline(report)}`,
    '',
    ...sidesOf(report).map((line) => `* ${line}`),
  ]
  for (const section of sections(report, options)) {
    page.push('', `## ${section.title}`, '')
    if (!('lines' in section)) page.push(...tableMarkdown(section.head, section.rows))
    else if (section.isCode) page.push(...section.lines.map((line) => `    ${line}`))
    else page.push(...section.lines.map((line) => (line.startsWith('  ') ? line : `* ${line}`)))
  }
  return page
}

const markdownRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const tableMarkdown = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  markdownRow(head),
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map(markdownRow),
]
