import { type Question, QUESTIONS } from '../diff/options.ts'
import { costRows } from '../diff/say/wording.ts'
import { ANSWER_WORDS, questionCards } from '../page/cards.ts'
import { document, type Section as Part } from '../page/frame.ts'
import { html, Html, join, lines, listed, manyHtml, nameHtml, type Value } from '../page/html.ts'
import { table, hiddenCaption } from '../page/html-table.ts'
import { byQuestion, type ByQuestion } from './by-question.ts'
import {
  isChanged,
  isRacyApart,
  isUnknown,
  patchAnswer,
  type PatchReport,
  type ScenarioResult,
} from './compare-trees.ts'
import {
  headline,
  type PatchPageOptions,
  type PatchSection,
  sections,
  treeText,
  titleOf,
} from './patch-page.ts'
import type { Answer } from '../diff/pair-result.ts'

/** The page as one HTML file that needs nothing else: what the text says, and every scenario by question. */
export function patchHtml(report: PatchReport, options: PatchPageOptions): string {
  return document(
    `${titleOf(report)}: ${headline(report)}`,
    head(report),
    [scenarios(report.results), ...sections(report, options).slice(1).map(partOf)],
    'pagetrail patch --format html',
  )
}

function head(report: PatchReport): Html {
  const { left, right, results, notRun } = report
  const verdict = headline(report)
  const isOpen = patchAnswer(report) === 'different' && isLessThanWhole(report)
  return html`<p class="eyebrow">
      pagetrail patch <span class="r">${nameHtml(right.called)}</span> against
      <span class="l">${nameHtml(left.called)}</span>
    </p>
    <h1>${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}</h1>
    <p class="lede">
      <span class="l">left:</span> ${nameHtml(treeText(left))}<br /><span class="r">right:</span>
      ${nameHtml(treeText(right))}
    </p>
    ${isOpen && html`<p class="lede bad"><b>Not whole:</b> some of what was asked is not answered, see below.</p>`}
    ${notRun.length > 0 && html`<p class="scope"><b>Scope.</b> ${listed(notRun.length, 'scenario')} not run, see below.</p>`}
    ${questionCards((question) => answerOf(question, results))}`
}

const isLessThanWhole = ({ results, missed }: PatchReport): boolean =>
  missed.length > 0 || results.some(isUnknown)

/** Different where one scenario is; the same only where all are. */
function answerOf(question: Question, results: readonly ScenarioResult[]) {
  const answers = results.map((result) => byQuestion(result)[question].answer)
  const count = (answer: Answer): number => answers.filter((one) => one === answer).length
  const isSame = answers.length > 0 && count('same') === answers.length
  const answer: Answer = count('different') > 0 ? 'different' : isSame ? 'same' : 'unknown'
  const text = html`Of ${listed(results.length, 'scenario')}: ${count('different')} different,
  ${count('same')} the same, ${count('unknown')} unknown.`
  return { answer, text }
}

/** What differs and what is not whole stands open, the rest is folded. */
function scenarios(results: readonly ScenarioResult[]): Part {
  const open = results.filter((result) => isChanged(result) || isUnknown(result))
  const same = results.filter((result) => !isChanged(result) && !isUnknown(result))
  const [changed, unknown] = [open.filter(isChanged), open.filter((result) => !isChanged(result))]
  const body = html`<p class="say">
      ${listed(results.length, 'scenario')} run on both: ${changed.length} changed,
      ${unknown.length} not answered in full, ${same.length} the same.
    </p>
    ${open.length > 0 && tableOf('Scenarios by question', [...changed, ...unknown])}
    ${
      same.length > 0 &&
      html`<details>
        <summary>${listed(same.length, 'scenario')} in which nothing differs</summary>
        ${tableOf('Scenarios in which nothing differs', same)}
      </details>`
    }`
  return { id: 'scenarios', title: 'Scenarios', body }
}

const COLUMNS = ['scenario', 'verdict', ...QUESTIONS, 'findings']

const tableOf = (label: string, results: readonly ScenarioResult[]): Html =>
  table({
    label,
    kind: 'wide stack',
    caption: hiddenCaption(label),
    columns: COLUMNS,
    rows: results.map(row),
  })

function row(result: ScenarioResult): Html {
  const { added, gone, undecided, incomplete, diff, geometry, searches } = result
  const answers = byQuestion(result)
  const isCut = searches !== null && !(searches.left.isComplete && searches.right.isComplete)
  const isSeen = incomplete.length === 0
  const findings = [
    added.length > 0 && html`<b class="bad">${added.length} new</b>`,
    gone.length > 0 && html`${gone.length} gone`,
    undecided.length > 0 && html`${listed(undecided.length, 'rule')} undecided`,
  ].filter((part) => part !== false)
  return html`<tr>
    <th scope="row">
      <code>${nameHtml(result.name)}</code><br /><span class="mu">${geometry}</span>
    </th>
    <td>
      ${isSeen ? diff.verdict : 'not run to the end'}${isRacyApart(result) && html`<br /><b>interleaved CPUs can end differently</b>`}${isCut && html`<br />not all schedules were run`}
    </td>
    ${QUESTIONS.map((question) => cell(question, answers))}
    <td data-h="findings">${!isSeen ? '?' : findings.length > 0 ? join(findings, ', ') : '–'}</td>
  </tr>`
}

function cell(question: Question, answers: ByQuestion): Html {
  const { answer } = answers[question]
  const lone = counted([[answers.lone, 'without counterpart', 'call']])
  const how = join([...HOW[question](answers), ...lone], ', ')
  return html`<td data-h="${question}">
    ${ANSWER_WORDS[answer]}${answer === 'different' && html`<br /><span class="mu">${how}</span>`}
  </td>`
}

/** The differences of one question: `2 events changed`, `1 call returning otherwise`. */
const counted = (all: readonly (readonly [n: number, is: string, what: string])[]): Html[] =>
  all.filter(([n]) => n > 0).map(([n, is, what]) => html`${manyHtml(n, what)} ${is}`)

/** Costs that a cell names; the rest are counted. */
const COSTS = 3

const HOW: Readonly<Record<Question, (answers: ByQuestion) => readonly Value[]>> = {
  outcome: ({ outcome: { returns, ranges } }) =>
    counted([
      [returns, 'returning otherwise', 'call'],
      [ranges, 'of the final mapping', 'range'],
    ]),
  effect: ({ effect }) => counted([[effect.differences, 'of effect', 'difference']]),
  path: ({ path }) =>
    counted([
      [path.changed, 'changed', 'event'],
      [path.onlyLeft, 'only left', 'event'],
      [path.onlyRight, 'only right', 'event'],
      [path.renamed, 'under another name', 'event'],
    ]),
  cost: ({ cost }) => {
    const apart = costRows(cost.left, cost.right).filter(
      ({ change, name: what }) => change !== '=' && what !== 'time',
    )
    const rest = apart.length - COSTS
    return [
      ...apart.slice(0, COSTS).map(({ label, change }) => `${label.trim()} ${change}`),
      ...(rest > 0 ? [`${rest} more`] : []),
    ]
  },
}

/** A section of the text: its lines, those that are indented below the line they belong to. */
function partOf(section: PatchSection): Part {
  const { title } = section
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  if (!('lines' in section)) return { id, title, body: plainTable(section) }
  if (section.isCode) return { id, title, body: html`<pre>${lines(section.lines)}</pre>` }
  const items: Value[][] = []
  for (const line of section.lines) {
    const last = items.at(-1)
    if (last && line.startsWith('  ')) last.push(html`<br /><span class="mu">${line.trim()}</span>`)
    else items.push([line])
  }
  return {
    id,
    title,
    body: html`<ul>
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>`,
  }
}

const plainTable = ({
  title,
  head: columns,
  rows,
}: Exclude<PatchSection, { lines: unknown }>): Html =>
  table({
    label: title,
    kind: 'wide stack',
    caption: hiddenCaption(title),
    columns,
    rows: rows.map(
      (cells) =>
        html`<tr>
          ${cells.map((text, i) => html`<td data-h="${columns[i]}">${text}</td>`)}
        </tr>`,
    ),
  })
