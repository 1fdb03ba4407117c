import { geometryName } from '@pagetrail/engine'

import { type CheckReport, type Severity, undecided } from '../check/finding.ts'
import { RULES } from '../check/rules.ts'
import { readableGeometry } from '../descriptor/bits.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import { quoted, quotedName } from '../diff/say/command-lines.ts'
import { eventAt } from '../diff/repeated-rows.ts'
import type { EventSource, Run } from '../event/run.ts'
import { eventText } from '../say/event-words.ts'
import { debtsBody } from './debts-section.ts'
import type { RunDetail } from './detail.ts'
import { gravest } from './rules-of-both.ts'
import { document, type Section } from './frame.ts'
import { figure, html, Html, join, lines, listed, manyHtml, nameHtml, type Value } from './html.ts'
import { runMoments, tableMaps } from './table-section.ts'

export interface CheckPageOptions {
  /** How the command is started, with its database. */
  readonly command?: string
  /** How the run is named to it. */
  readonly spec?: string
  /** Rules that were asked for; undefined: all. */
  readonly rules?: readonly string[]
}

/** Findings of one rule that are shown with their events; the rest are counted. */
const SHOWN = 5
const ORDER = ['error', 'warning', 'note'] as const

/** A check as one HTML file that needs nothing else. */
export function checkPage(
  source: EventSource,
  report: CheckReport,
  detail: RunDetail,
  options: CheckPageOptions = {},
): string {
  const { run } = source
  const title = nameHtml(run.label)
  const geometry = readableGeometry(runGeometry(run))
  const sections: Section[] = [
    { id: 'findings', title: 'Findings', body: findings(source, report) },
    {
      id: 'flushes',
      title: 'TLB flushes owed',
      body: debtsBody([{ title: html`<b>${title}</b>`, label: run.label, debts: detail.debts }]),
    },
    {
      id: 'table',
      title: 'The page table with the most stores',
      body: tableMaps([{ title, label: run.label, tables: detail.most, geometry }], runMoments),
    },
    { id: 'rules', title: 'Rules', body: rules(report) },
    { id: 'reproduce', title: 'Reproduce', body: commands(run, options) },
  ]
  return document(
    `${verdictOf(report)}: ${run.label}`,
    head(run, report, detail),
    sections,
    'pagetrail check --format html',
  )
}

/** Rules by the gravest of their findings. */
const rulesOf = (report: CheckReport, severity: Severity) =>
  report.verdicts.filter(
    ({ rule }) => gravest(report.findings.filter((f) => f.rule === rule)) === severity,
  )

/** The rules that are broken, by name; else what was looked at. */
function verdictOf(report: CheckReport): string {
  const named = (severity: Severity) =>
    rulesOf(report, severity)
      .map(({ rule }) => rule)
      .join(', ')
  const [errors, warnings] = [named('error'), named('warning')]
  if (errors !== '') return `Broken: ${errors}`
  if (warnings !== '') return `Warnings: ${warnings}`
  const open = undecided(report).length
  if (open === report.verdicts.length) return 'Undecided: the run lacks what the rules need'
  return open > 0
    ? `No error, no warning; ${open} of ${report.verdicts.length} rules undecided`
    : 'No error, no warning'
}

function head(run: Run, report: CheckReport, { debts }: RunDetail): Html {
  const counts = ORDER.map((severity) => ({ severity, rules: rulesOf(report, severity) }))
  const open = undecided(report).length
  const { geometry } = run
  const facts = [
    run.kernel !== null && html`kernel ${nameHtml(run.kernel)}`,
    run.flavour !== null && html`code of ${run.flavour}`,
    geometry && geometryName(geometry.pageShift, geometry.vaBits),
    listed(run.calls, 'call'),
    manyHtml(report.events, 'event'),
    run.lost > 0 && html`<b class="bad">${listed(run.lost, 'event')} lost</b>`,
  ].filter(Boolean)
  return html`<p class="eyebrow">pagetrail check ${nameHtml(run.label)}</p>
<h1>${verdictOf(report)}</h1>
<p class="lede">${join(facts, ', ')}.</p>
<ul class="cards" aria-label="What was found">${counts.map(
    ({ severity, rules: found }) =>
      html`<li class="card${found.length > 0 && severity !== 'note' && ' diff'}">
        <span>${CARDS[severity]}</span><strong>${found.length}</strong>
        <p>
          ${join(
            found.map(({ rule, count }) => html`<code>${rule}</code> ${figure(count)}`),
            ', ',
          )}${found.length === 0 && 'none'}
        </p>
      </li>`,
  )}<li class="card${open > 0 && ' unknown'}"><span>Undecided</span><strong>${open}</strong><p>of ${listed(report.verdicts.length, 'rule')}</p></li></ul>
<p>Flushes owed at the end: <b${debts.end.harmful > 0 && new Html(' class="bad"')}>${figure(debts.end.harmful)}</b>${debts.lacks !== null && ', as far as the run shows'}.</p>`
}

const CARDS = {
  error: 'Rules with errors',
  warning: 'Rules with warnings',
  note: 'Rules with notes',
} as const

function findings(source: EventSource, report: CheckReport): Html {
  const parts = ORDER.flatMap((severity) =>
    report.verdicts.flatMap(({ rule, hazard, count }) => {
      const found = report.findings.filter((finding) => finding.rule === rule)
      if (gravest(found) !== severity) return []
      const known = RULES.find((r) => r.name === rule)
      const items = found
        .slice(0, SHOWN)
        .map(
          ({ message, op, proof }) =>
            html`<li>${op !== null && html`call ${figure(op)}: `}${message}<details${new Html(' open')}><summary>${listed(proof.length, 'event')}</summary><pre>${lines(
              proof.map((seq) => eventLine(source, seq)),
            )}</pre></details></li>`,
        )
      return [
        html`<div class="finding ${severity}">
          <h3>
            <span class="${severity === 'error' && 'bad'}">${severity}</span>:
            <code>${rule}</code> (${hazard}), ${manyHtml(count, 'finding')}
          </h3>
          <p>${known?.sentence}</p>
          <ul>
            ${items}
          </ul>
          ${count > SHOWN && html`<p class="note">${count - Math.min(SHOWN, found.length)} more.</p>`}${severity !== 'note' && known && known.remedies.map((remedy) => html`<p class="note">Remedy: ${remedy}</p>`)}
        </div>`,
      ]
    }),
  )
  return parts.length > 0 ? html`${parts}` : html`<p class="say">None.</p>`
}

function eventLine(source: EventSource, seq: number): Value {
  const event = eventAt(source, seq)
  const geometry = runGeometry(source.run)
  return html`${figure(seq)} ${event ? eventText(event, geometry) : '(not in the run)'}`
}

function rules(report: CheckReport): Html {
  const clean = report.verdicts.filter(({ status }) => status === 'clean')
  const open = undecided(report).map(
    ({ rule, hazard, missing }) =>
      html`<li>
        <code>${rule}</code> <span class="mu">(${hazard})</span> needs ${join([...missing], '; ')}
      </li>`,
  )
  return html`${
      open.length > 0 &&
      html`<h3>Undecided: the run lacks what they need</h3>
        <ul>
          ${open}
        </ul>`
    }
    <details>
      <summary>${listed(clean.length, 'rule')} clean</summary>
      <p>
        ${join(
          clean.map(({ rule }) => html`<code>${rule}</code>`),
          ', ',
        )}
      </p>
    </details>`
}

function commands(run: Run, { command = 'pagetrail', spec, rules: asked }: CheckPageOptions): Html {
  const named = asked === undefined ? '' : ` --rules ${quoted(asked.join(','))}`
  const base = `${command} check ${quotedName(spec ?? run.label)}${named}`
  return html`<p class="say">This page, and its figures as JSON Lines:</p>
    <pre>${lines([`${base} --format html`, `${base} --detail --json`])}</pre>`
}
