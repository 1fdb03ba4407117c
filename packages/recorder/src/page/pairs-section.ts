import type { ListedAlone, ListedPairs } from '../diff/pair-list.ts'
import type { Diff } from '../diff/result.ts'
import { WHOLE_RUN } from '../diff/align/call-stream.ts'
import { LONE_WORDS } from '../diff/say/lane-texts.ts'
import { isWithoutCalls, rowTexts } from '../diff/say/wording.ts'
import { pagesText } from '../say/value.ts'
import { figure, html, Html, join, listed, manyHtml, type Value } from './html.ts'
import type { SideNames } from './side-names.ts'
import { num, table, hiddenCaption } from './html-table.ts'
import { VERDICTS } from '../diff/pair-result.ts'

/** Groups of pairs that a page lists; the rest are counted. */
const GROUPS = 40

/** Rows of one group. */
const ROWS = 6

/** Bins of the strip over the run. */
const BINS = 500

/** All pairs, in groups that differ in the same way, the worst first, and where in the run they are. */
export function pairsBody(diff: Diff, names: SideNames): Html {
  const { pairs: list, calls } = diff
  if (list === null) throw new Error('the page needs the list of pairs')
  const { pairs } = list
  const alone = list.alone.filter(({ call }) => call.op !== WHOLE_RUN.op)
  const rest = pairs.slice(GROUPS).reduce((sum, { count }) => sum + count, 0)
  const rows = pairs.slice(0, GROUPS).map((group) => groupRow(group, diff))
  const whole = isWithoutCalls(diff)
  const groups = html`, in ${listed(pairs.length, 'group')} by how they differ, the worst first`
  return html`<p class="say">
      ${whole ? 'The runs have no calls: each is compared as a whole.' : html`${manyHtml(calls.paired, 'pair')} of calls${calls.paired > 0 && groups}.`}${calls.otherInput > 0 && html` ${manyHtml(calls.otherInput, 'pair')} of another size, which no verdict covers.`}
      ${calls.onlyLeft.total + calls.onlyRight.total === 0 ? !whole && calls.otherInput === 0 && 'Each call has its counterpart.' : html`Without a counterpart: ${aloneText(calls)}.`}
    </p>
    ${strip(pairs, diff)}
    ${
      rows.length > 0 &&
      table({
        label: 'Pairs of calls',
        kind: 'wide stack',
        caption: hiddenCaption('Pairs of calls, grouped by how they differ, the worst first'),
        columns: [
          'verdict',
          'call',
          num('pairs'),
          html`what differs, ${names.left} │ ${names.right}`,
          'first pair',
        ],
        rows,
      })
    }
    ${pairs.length > GROUPS && html`<p class="note">${rest} pairs are in further groups; <code>--calls-list</code> lists all.</p>`}
    ${alone.length > 0 && aloneTable(alone, diff)}`
}

/** `96 calls are only on the left, the right run has no calls`. */
export const aloneText = ({ onlyLeft, onlyRight }: Diff['calls']): Html =>
  html`${loneText(onlyLeft, 'left')}, ${loneText(onlyRight, 'right')}`

const loneText = ({ total, byFunction }: Diff['calls']['onlyLeft'], side: string): Html =>
  WHOLE_RUN.fn in byFunction
    ? html`the ${side} run has no calls`
    : html`${manyHtml(total, 'call')} ${total === 1 ? 'is' : 'are'} only on the ${side}`

function groupRow(group: ListedPairs, diff: Diff): Html {
  const { left, right, leftSize, rightSize, verdict, sameInput, reordered, count, rows } = group
  const rank = VERDICTS.indexOf(verdict)
  const sizes = [sizeOf(leftSize, diff, 'left'), sizeOf(rightSize, diff, 'right')]
  const notes = [!sameInput && ', other size', reordered && ', reordered']
  const shown = rows.slice(0, ROWS).map((row) => {
    const texts = rowTexts(row, diff.geometries)
    const times = row.count > 1 && html` × ${figure(row.count)}`
    return html`<li>
      ${texts.left !== null && html`− ${texts.left}`}${texts.left !== null && texts.right !== null && html`<br />`}${texts.right !== null && html`+ ${texts.right}`}${times}
    </li>`
  })
  const more = rows.length > ROWS && html`<li>and ${rows.length - ROWS} more ways</li>`
  return html`<tr>
    <td><span class="tag t${rank}">${verdict}${notes}</span></td>
    <th scope="row">
      <code>${left.fn === right.fn ? left.fn : `${left.fn} ≙ ${right.fn}`}</code
      >${sizes[0] === sizes[1] ? sizes[0] : `${sizes[0]} |${sizes[1]}`}
    </th>
    <td class="num" data-h="pairs">${figure(count)}</td>
    <td>
      ${costsOf(group)}${
        rows.length > 0 &&
        html`<details>
          <summary>${listed(rows.length, 'row')} of events</summary>
          <ul class="mono">
            ${shown}${more}
          </ul>
        </details>`
      }
    </td>
    <td class="nw" data-h="first pair">
      ${left.op === WHOLE_RUN.op ? 'the whole runs' : html`call ${figure(left.op)} │ ${figure(right.op)}`}<br /><span
        class="mu"
        >event ${figure(left.seq)} │ ${figure(right.seq)}</span
      >
    </td>
  </tr>`
}

/** What a pair of the group costs more or less: a count each. */
function costsOf({ more, count }: ListedPairs): Value {
  const parts = Object.entries(more)
    .filter(([, n]) => n !== 0)
    .map(([cost, n]) => html`${cost} ${n === null ? '?' : html`${n > 0 && '+'}${figure(n)}`}`)
  return (
    parts.length > 0 &&
    html`${join(parts, ', ')} ${count > 1 && html`<span class="mu">each</span>`}`
  )
}

function sizeOf(size: number | null, { geometries }: Diff, side: 'left' | 'right'): string {
  const text = size === null ? '' : pagesText(BigInt(size), geometries[side])
  return text === '' ? '' : ` ${text}`
}

/** Pairs in the order of the left run's calls: the worst verdict of each place. */
function strip(groups: readonly ListedPairs[], diff: Diff): Value {
  const last = groups.reduce(
    (most, { calls }) => calls.reduce((m, [op]) => Math.max(m, op), most),
    0,
  )
  if (last === 0) return null
  const bins = new Int8Array(Math.min(BINS, last + 1)).fill(-1)
  for (const { verdict, sameInput, calls } of groups) {
    if (!sameInput) continue
    for (const [op] of calls) {
      const bin = Math.floor((op / (last + 1)) * bins.length)
      bins[bin] = Math.max(bins[bin]!, VERDICTS.indexOf(verdict))
    }
  }
  const width = 1000 / bins.length
  const rects: Html[] = []
  for (let i = 0; i < bins.length;) {
    let end = i + 1
    while (end < bins.length && bins[end] === bins[i]) end++
    if (bins[i]! >= 0)
      rects.push(
        new Html(
          `<rect class="k${bins[i]}" fill="${FILLS[bins[i]!]}" x="${Math.round(i * width * 100) / 100}" y="0" width="${Math.round((end - i) * width * 100) / 100}" height="14"/>`,
        ),
      )
    i = end
  }
  const counts = VERDICTS.map((verdict, i) => ({
    verdict,
    i,
    n: diff.calls.byVerdict[verdict],
  })).filter(({ n }) => n > 0)
  const words = counts.map(({ verdict, n }) => `${n} ${verdict}`).join(', ')
  return html`<div class="strip">
    <svg
      width="1000"
      height="14"
      viewBox="0 0 1000 14"
      preserveAspectRatio="none"
      role="img"
      aria-label="Pairs in the order of their calls: ${words}"
    >
      ${rects}
    </svg>
    <div class="ends">
      <span>call 0</span
      >${counts.map(({ verdict, i, n }) => html`<span class="tag t${i}">${figure(n)} ${verdict}</span>`)}<span
        >call ${figure(last)}</span
      >
    </div>
  </div>`
}

const FILLS = ['#d8dee4', '#8c959f', '#fff', '#1b1f24', '#b3261e'] as const

function aloneTable(alone: readonly ListedAlone[], diff: Diff): Html {
  const rows = alone.slice(0, GROUPS).map(
    ({ side, call, size, reason, count }) =>
      html`<tr>
        <td>only ${side}</td>
        <th scope="row"><code>${call.fn}</code>${sizeOf(size, diff, side)}</th>
        <td class="num" data-h="calls">${figure(count)}</td>
        <td>${LONE_WORDS[reason]}</td>
        <td>call ${figure(call.op)}, event ${figure(call.seq)}</td>
      </tr>`,
  )
  const more =
    alone.length > GROUPS &&
    html`<p class="note">The first ${GROUPS} of ${listed(alone.length, 'group')}.</p>`
  return html`<h3>Calls without a counterpart</h3>
    ${table({
      label: 'Calls without a counterpart',
      kind: 'wide stack',
      columns: ['side', 'call', num('calls'), 'why', 'first'],
      rows,
    })}${more}`
}
