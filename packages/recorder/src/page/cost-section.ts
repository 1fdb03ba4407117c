import { count } from '../event/quantity.ts'
import { COST_LABELS, COST_NAMES, type CostName, type Costs, exactly } from '../cost/costs.ts'
import type { Diff } from '../diff/result.ts'
import { hasCost } from '../cost/cost-text.ts'
import { isPartial, isWithoutCalls } from '../diff/say/wording.ts'
import { figure, html, Html, manyHtml, type Value } from './html.ts'
import type { SideNames } from './side-names.ts'
import { num, table } from './html-table.ts'

/** Counts of both sides: bars where they differ, the equal ones in a line, time last: a clock is not to be trusted. */
export function costBody(diff: Diff, names: SideNames): Html {
  const { pairedLeft, pairedRight } = diff.cost
  const shown = COST_NAMES.filter((n) => hasCost(pairedLeft, n) || hasCost(pairedRight, n))
  // A part of a number is equal to nothing.
  const isEqual = (n: CostName): boolean => {
    const known = exactly(pairedLeft, n)
    return known !== null && known === exactly(pairedRight, n)
  }
  const differ = shown.filter((n) => !isEqual(n))
  const equal = shown.filter(isEqual)
  const rows = differ
    .toSorted((a, b) => Number(a === 'time') - Number(b === 'time'))
    .map((cost) => rowOf(cost, diff))
  const same = equal.map(
    (n) => html`<li>${COST_LABELS[n].trim()} <b>${figure(pairedLeft[n])}</b></li> `,
  )
  return html`<p class="say">
      ${scopeOf(diff)}${rows.length > 0 && ' Each pair of bars has its own scale.'}${shown.length === 0 && ' Nothing was counted.'}
    </p>
    ${
      rows.length > 0 &&
      table({
        label: 'Cost',
        kind: 'wide stack',
        caption: html`<caption>
          Counts that differ, or are not known of both
        </caption>`,
        columns: [
          'count',
          num(names.left),
          num(names.right),
          num('change'),
          { head: html`<span class="vh">bars</span>`, kind: 'bars' },
        ],
        rows,
      })
    }
    ${
      same.length > 0 &&
      html`<h3>Counts that are equal</h3>
        <ul class="eq">
          ${same}
        </ul>`
    }
    ${allCalls(diff, names)}`
}

function scopeOf(diff: Diff): Html {
  if (isWithoutCalls(diff)) return html`Of the whole runs.`
  const rest = isPartial(diff) && '; calls without a counterpart are not in it'
  return html`Of the ${manyHtml(diff.calls.paired, 'pair')} of calls${rest}.`
}

function rowOf(cost: CostName, { cost: { pairedLeft, pairedRight } }: Diff): Html {
  const [a, b] = [exactly(pairedLeft, cost), exactly(pairedRight, cost)]
  const change = a === null || b === null ? '?' : `${b > a ? '+' : '−'}${count(Math.abs(b - a))}`
  const label = COST_LABELS[cost]
  return html`<tr>
    <th scope="row" ${label.startsWith(' ') && new Html(' class="sub"')}>${label.trim()}</th>
    <td class="num" data-h="left">${costFigure(pairedLeft, cost)}</td>
    <td class="num" data-h="right">${costFigure(pairedRight, cost)}</td>
    <td class="num" data-h="change"><b>${change}</b></td>
    <td class="bars">${bars(a, b)}</td>
  </tr>`
}

/** A figure, or what it is at least. */
function costFigure(costs: Costs, name: CostName): Html {
  const { [name]: counted } = costs
  if (exactly(costs, name) !== null) return figure(counted)
  return counted === null || counted === 0 ? figure(null) : html`≥ ${figure(counted)}`
}

function bars(a: number | null, b: number | null): Value {
  const top = Math.max(a ?? 0, b ?? 0, 1)
  const bar = (n: number | null, y: number, kind: string, fill: string) =>
    new Html(
      n === null
        ? ''
        : `<rect class="${kind}" fill="${fill}" x="0" y="${y}" width="${Math.round((n / top) * 20000) / 100}" height="5"/>`,
    )
  return html`<svg
    width="200"
    height="13"
    viewBox="0 0 200 13"
    preserveAspectRatio="none"
    aria-hidden="true"
    style="width:100%"
  >
    ${bar(a, 0, 'bl', '#8c959f')}${bar(b, 7, 'br', '#0a5cad')}
  </svg>`
}

/** What all calls cost, where the pairs are not all of them, and what was done outside of calls. */
function allCalls(diff: Diff, names: SideNames): Value {
  const { left, right, outsideLeft, outsideRight } = diff.cost
  const tableOf = (title: string, a: typeof left, b: typeof right): Value => {
    const costs = COST_NAMES.filter((n) => n !== 'time' && (hasCost(a, n) || hasCost(b, n)))
    if (costs.length === 0) return null
    const rows = costs.map(
      (n) =>
        html`<tr>
          <th scope="row">${COST_LABELS[n].trim()}</th>
          <td class="num">${costFigure(a, n)}</td>
          <td class="num">${costFigure(b, n)}</td>
        </tr>`,
    )
    const columns = ['count', num(names.left), num(names.right)]
    return html`<details>
      <summary>${title}</summary>
      ${table({ label: title, columns, rows })}
    </details>`
  }
  return html`${isPartial(diff) && tableOf('Of all calls', left, right)}${tableOf('Outside of calls', outsideLeft, outsideRight)}`
}
