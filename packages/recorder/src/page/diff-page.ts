import type { Geometry } from '@pagetrail/engine'

import { readableGeometry } from '../descriptor/bits.ts'
import {
  commandLines,
  diffCommand,
  type DiffPageOptions,
  runNames,
} from '../diff/say/command-lines.ts'
import type { GateResult } from '../diff/gate.ts'
import { gateWords, WORDS } from '../diff/say/gate-text.ts'
import type { Question } from '../diff/options.ts'
import { answerIn } from '../diff/say/answer.ts'
import type { PairTree, Diff } from '../diff/result.ts'
import {
  callText,
  costRows,
  effectExample,
  effectText,
  mappingTexts,
  returnsAlike,
  scopeTexts,
  verdictText,
} from '../diff/say/wording.ts'
import { questionCards } from './cards.ts'
import { comparedBody } from './compared-section.ts'
import { costBody } from './cost-section.ts'
import { debtsBody } from './debts-section.ts'
import type { DiffDetail, TableHistories } from './detail.ts'
import { findingsBody } from './findings-section.ts'
import { document, type Section } from './frame.ts'
import { figure, html, Html, join, lines, listed, manyHtml, nameHtml, type Value } from './html.ts'
import { aloneText, pairsBody } from './pairs-section.ts'
import { type SideNames, sideNames } from './side-names.ts'
import { type Drawn, runMoments, tableMaps } from './table-section.ts'
import { treeBody } from './tree-section.ts'
import type { Answer } from '../diff/pair-result.ts'

/** How a page names its command, and the gate that it explains. */
export interface PageOptions extends DiffPageOptions {
  readonly gate?: GateResult
}

/** A comparison as one HTML file that needs nothing else, for a reviewer. `diff` with its list of pairs. */
export function diffPage(diff: Diff, detail: DiffDetail, options: PageOptions = {}): string {
  const names = sideNames(diff)
  const title = `${diff.verdict}: ${diff.left.label} │ ${diff.right.label}`
  return document(
    title,
    head(diff, detail, names, options.gate),
    sections(diff, detail, names, options),
    'pagetrail diff --format html',
  )
}

function sections(
  diff: Diff,
  detail: DiffDetail,
  names: SideNames,
  options: PageOptions,
): Section[] {
  const { debts: left, most: leftMost } = detail.left
  const { debts: right, most: rightMost } = detail.right
  return [
    { id: 'compared', title: 'What was compared', body: comparedBody(diff, names) },
    ...(diff.trees.length > 0 ||
    diff.effect.groups.total > 0 ||
    diff.outcome.mapping.ranges.total > 0
      ? [
          {
            id: 'difference',
            title: 'The differences that matter',
            body: differences(diff, detail, names),
          },
        ]
      : []),
    {
      id: 'table',
      title: 'The page table with the most stores',
      body: tableMaps(drawn(diff, names, leftMost, rightMost), runMoments),
    },
    { id: 'pairs', title: 'Pairs of calls', body: pairsBody(diff, names) },
    { id: 'cost', title: 'Cost', body: costBody(diff, names) },
    {
      id: 'flushes',
      title: 'TLB flushes owed',
      body: debtsBody([
        { title: names.left, label: names.plain.left, debts: left },
        { title: names.right, label: names.plain.right, debts: right },
      ]),
    },
    { id: 'findings', title: 'Findings', body: findingsBody(detail.findings, names) },
    { id: 'reproduce', title: 'Reproduce', body: commands(diff, options) },
  ]
}

function drawn(diff: Diff, names: SideNames, left: TableHistories, right: TableHistories): Drawn[] {
  const of = (side: 'left' | 'right', tables: TableHistories): Drawn => {
    const geometry: Geometry = readableGeometry(diff.geometries[side])
    return { title: names[side], label: names.plain[side], tables, geometry }
  }
  return [of('left', left), of('right', right)]
}

function head(
  diff: Diff,
  { left, right, findings }: DiffDetail,
  names: SideNames,
  gate: GateResult | undefined,
): Html {
  const verdict = verdictText(diff)
  const fresh = findings.filter(({ is }) => is === 'new' || is === 'more')
  const owed = [left.debts.end.harmful, right.debts.end.harmful] as const
  const isPart = left.debts.lacks !== null || right.debts.lacks !== null
  const undecided = findings.filter(({ is }) => is === 'undecided' || is === 'half').length
  const half = findings
    .filter(({ is, severity }) => is === 'half' && severity !== 'note')
    .map(({ rule }) => html`<code>${rule}</code>`)
  // A note is of what was wasted, not of what is wrong.
  const isGrave = fresh.some(({ severity }) => severity !== 'note')
  const rules = fresh.map(({ rule }) => html`<code>${rule}</code>`)
  return html`<p class="eyebrow">pagetrail diff <span class="l">${nameHtml(diff.left.label)}</span> <span class="r">${nameHtml(diff.right.label)}</span></p>
<h1>${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}</h1>
${gate && gatePart(diff, gate)}
${lede(diff, names)}
${diff.incomplete.length > 0 && html`<p class="lede bad"><b>Not whole:</b> ${join(diff.incomplete, '; ')}.</p>`}
<p class="scope"><b>Scope.</b> ${join(scopeTexts(diff), '; ')}.</p>
${questionCards((question) => CARDS[question](diff))}
<p>${fresh.length > 0 ? html`<b${isGrave && new Html(' class="bad"')}>${listed(fresh.length, 'rule')} with new findings: ${join(rules, ', ')}.</b>` : 'No new findings.'}${half.length > 0 && html` Findings on one run where the other cannot be judged: ${join(half, ', ')}.`}${undecided > 0 && html` ${listed(undecided, 'rule')} undecided.`} Flushes owed at the end: <b${owed[1] > owed[0] && new Html(' class="bad"')}>${figure(owed[0])} │ ${figure(owed[1])}</b>${isPart && ', as far as the runs show'}.</p>`
}

/** The verdict stands above it. */
const gatePart = (diff: Diff, gate: GateResult): Html =>
  html`<p class="lede bad">
      <b>Gate ${gateWords(gate)}</b>: ${diff.right.label} against ${diff.left.label}.
    </p>
    <ul>
      ${gate.checks
        .filter(({ answer }) => answer !== 'same')
        .map(
          ({ name, answer, reasons }) =>
            html`<li><b>${name}</b> ${WORDS[answer]}: ${join(reasons, '; ')}.</li>`,
        )}
    </ul>`

/** What the verdict is of, by the side's names: how calls end, else the most frequent sort of effect, else the path. */
function lede(diff: Diff, names: SideNames): Value {
  const { outcome, effect, path, calls } = diff
  const [group] = effect.groups.items
  const sides = html`${names.left} │ ${names.right}`
  if (diff.verdict === 'unknown')
    return html`<p class="lede">
      Events are missing that may be all that
      differs.${calls.paired === 0 && html` ${noPairText(calls)}`}
    </p>`
  if (outcome.answer === 'different')
    return html`<p class="lede">${join(outcomeTexts(diff, names), ' ')}</p>`
  if (group)
    return html`<p class="lede">
      ${manyHtml(effect.differences.total, 'difference')} of effect in
      ${manyHtml(effect.differentPairs, 'pair')} of ${figure(calls.paired)}. ${sides}:
      ${effectText(group)}.
    </p>`
  if (path.answer === 'different')
    return html`<p class="lede">
      What calls return, map and flush is the same. The events differ: ${pathText(path)}.
    </p>`
  return html`<p class="lede">No event of the compared calls differs.</p>`
}

/** Why an outcome is another, a sentence each. */
function outcomeTexts({ outcome, calls, geometries }: Diff, names: SideNames): Html[] {
  const { different, mapping } = outcome
  const texts: Html[] = []
  const [first] = different.items
  if (first) {
    const { left, right } = first
    const verb = different.total === 1 ? 'ends' : 'end'
    const [one, other] = [callText(left, geometries.left), callText(right, geometries.right)]
    const isSame = returnsAlike(left, right)
    texts.push(
      html`${manyHtml(different.total, 'pair')} of ${figure(calls.paired)} ${verb}
        differently${different.total > 1 && ', the first'}: ${names.left} <code>${one}</code> │
        ${names.right}
        <code>${other}</code>${isSame && html`, and what it stored translates differently`}.`,
    )
  }
  if (mapping.ranges.total > 0)
    texts.push(
      html`${manyHtml(mapping.ranges.total, 'range')} of the final mapping
      ${mapping.ranges.total === 1 ? 'differs' : 'differ'}.`,
    )
  if (calls.paired === 0) texts.push(noPairText(calls))
  else if (calls.onlyLeft.total + calls.onlyRight.total > 0)
    texts.push(html`Without a counterpart: ${aloneText(calls)}.`)
  return texts
}

const noPairText = (calls: Diff['calls']): Html =>
  html`No call of one run has a counterpart in the other: ${aloneText(calls)}.`

const pathText = (path: Diff['path']): Html =>
  html`${figure(path.same)}
  equal${path.renamed > 0 && html` (${figure(path.renamed)} under another name)`},
  ${figure(path.changed)} changed, ${figure(path.onlyLeft)} only left, ${figure(path.onlyRight)}
  only right`

const CARDS: Readonly<
  Record<Question, (diff: Diff) => { readonly answer: Answer; readonly text: Html }>
> = {
  outcome: ({ outcome }) => ({
    answer: outcome.answer,
    text: html`${returnsText(outcome)}.
    ${outcome.mapping.compared === 'final state' ? 'Final mapping of every address' : 'Final mapping of the entries written'}:
    ${outcome.mapping.answer}.`,
  }),
  effect: (diff) => ({
    answer: answerIn(diff, 'effect'),
    text: html`${effectSum(diff)}.${diff.effect.unknown.length > 0 && ` Not compared: ${diff.effect.unknown.join(', ')}.`}`,
  }),
  path: (diff) => ({
    answer: answerIn(diff, 'path'),
    text: html`Events: ${pathText(diff.path)}.`,
  }),
  cost: ({ cost }) => {
    const rows = costRows(cost.pairedLeft, cost.pairedRight).filter((row) => row.name !== 'time')
    const apart = rows.filter(({ change }) => change !== '=')
    const unknown = apart.length > 0 && apart.every(({ change }) => change === '?')
    const named = apart
      .toSorted((a, b) => Number(a.change === '?') - Number(b.change === '?'))
      .slice(0, 3)
      .map(({ label, change }) => `${label.trim()} ${change.replace('-', '−')}`)
    if (rows.length === 0) return { answer: 'unknown', text: html`No pair of calls to compare.` }
    return {
      answer: apart.length === 0 ? 'same' : unknown ? 'unknown' : 'different',
      text: html`${named.length > 0 && `${named.join(', ')}; `}${rows.length - apart.length} of
      ${listed(rows.length, 'count')} equal.`,
    }
  },
}

function effectSum({ effect, calls }: Diff): Html {
  const { differences, groups, differentPairs } = effect
  const pairs = manyHtml(calls.paired, 'pair')
  if (differences.total === 0) return html`No difference seen in ${pairs}`
  return html`${manyHtml(differences.total, 'difference')} of ${manyHtml(groups.total, 'sort')}, in
  ${figure(differentPairs)} of ${pairs}`
}

function returnsText({ sameReturn, differentReturn, unknownReturn }: Diff['outcome']): Html {
  if (sameReturn + differentReturn + unknownReturn === 0) return html`No pair of calls to compare`
  return html`${manyHtml(sameReturn, 'call')} returned the same, ${figure(differentReturn)} did
  not${unknownReturn > 0 && html`, ${figure(unknownReturn)} unknown`}`
}

/** Sorts of effects listed; the rest are counted. */
const SORTS = 20

/** Ranges of the final mapping. */
const RANGES = 8

function differences(diff: Diff, detail: DiffDetail, names: SideNames): Html {
  const { groups } = diff.effect
  const { ranges } = diff.outcome.mapping
  const sorts = groups.items
    .slice(0, SORTS)
    .map(
      (group) =>
        html`<li>
          ${effectText(group)} <span class="mu">(first: ${effectExample(group)})</span>
        </li>`,
    )
  const maps = ranges.items.slice(0, RANGES).flatMap((range) => mappingTexts(range))
  return html`${
    sorts.length > 0 &&
    html`<h3>Effects, ${names.left} │ ${names.right}</h3>
      <ul>
        ${sorts}
      </ul>`
  }
  ${groups.total > sorts.length && html`<p class="note">The first ${SORTS} of ${manyHtml(groups.total, 'sort')}.</p>`}
  ${
    maps.length > 0 &&
    html`<h3>${manyHtml(ranges.total, 'range')} of the final mapping</h3>
      <pre>${lines(maps)}</pre>`
  }
  ${ranges.total > RANGES && html`<p class="note">The first ${RANGES} of ${figure(ranges.total)}.</p>`}
  ${diff.trees.map((tree, i) => treePart(tree, diff, detail.tables[i], names))}`
}

const callMoments = (i: number): string => (i === 0 ? 'before the call' : 'after the call')

function treePart(
  tree: PairTree,
  diff: Diff,
  tables: DiffDetail['tables'][number] | undefined,
  names: SideNames,
): Html {
  const calls =
    tree.left.op >= 0
      ? html`call ${figure(tree.left.op)} │ ${figure(tree.right.op)}`
      : html`the whole runs`
  return html`<h3>First pair with <em>${tree.verdict}</em>: ${calls}</h3>
    ${treeBody(tree, diff, names)}
    ${
      tables &&
      html`<h3>The page tables that it stored to</h3>
        ${tableMaps(drawn(diff, names, tables.left, tables.right), callMoments)}`
    }`
}

function commands(diff: Diff, options: PageOptions): Html {
  const { command = 'pagetrail' } = options
  const checks = runNames(diff, options).map((run) => `${command} check ${run}`)
  const figures = `${diffCommand(diff, options, true)} --calls-list --detail --json`
  return html`<p class="say">The runs, this page, and where they part:</p>
    <pre>${lines(commandLines(diff, options, 'html'))}</pre>
    <p class="say">The findings of each, and every figure of this page as JSON Lines:</p>
    <pre>${lines([...new Set(checks), figures])}</pre>`
}
