import type { Finding } from '../check/finding.ts'
import type { RuleOnBoth } from './rules-of-both.ts'
import { figure, html, Html, join, listed, type Value } from './html.ts'
import type { SideNames } from './side-names.ts'
import { num, table, hiddenCaption } from './html-table.ts'

const IS: Readonly<Record<RuleOnBoth['is'], { readonly words: string; readonly tag: string }>> = {
  new: { words: 'new', tag: 't3' },
  more: { words: 'more', tag: 't3' },
  gone: { words: 'gone', tag: 't1' },
  less: { words: 'fewer', tag: 't1' },
  both: { words: 'on both', tag: 't1' },
  half: { words: 'on one, the other undecided', tag: 't2' },
  undecided: { words: 'undecided', tag: 't2' },
  clean: { words: 'clean', tag: 't0' },
}

/** Which rules find something on the right that they do not on the left. */
export function findingsBody(rules: readonly RuleOnBoth[], names: SideNames): Html {
  const count = (is: RuleOnBoth['is']): number => rules.filter((rule) => rule.is === is).length
  const found = rules.filter(({ is }) => is !== 'clean' && is !== 'undecided')
  const open = rules.filter(({ is }) => is === 'undecided' || is === 'half')
  const rows = found.map((rule) => {
    const { words, tag } = IS[rule.is]
    return html`<tr>
      <td><span class="tag ${tag}">${words}</span></td>
      <th scope="row">
        <code class="nw">${rule.rule}</code><br /><span class="mu"
          >${rule.severity}, ${rule.hazard}</span
        >
      </th>
      <td class="num" data-h="left">${figure(rule.left)}</td>
      <td class="num" data-h="right">${figure(rule.right)}</td>
      <td>${rule.example && exampleOf(rule.example)}</td>
    </tr>`
  })
  return html`<p class="say">
      ${listed(rules.length, 'rule')} on each run: ${count('new')} new on the right,
      ${count('more')} with more findings, ${count('gone')} gone, ${count('less')} with fewer,
      ${count('both')} on both, ${count('half')} on one with the other undecided,
      ${count('undecided')} undecided, ${count('clean')} clean on both.
    </p>
    ${
      found.length > 0 &&
      table({
        label: 'Findings',
        kind: 'wide stack',
        caption: hiddenCaption('Findings'),
        columns: ['is', 'rule', num(names.left), num(names.right), 'first finding'],
        rows,
      })
    }
    ${open.length > 0 && undecidedList(open)}`
}

const exampleOf = ({ message, proof, op }: Finding): Html =>
  html`${message}<br /><span class="mu"
      >${op !== null && html`call ${figure(op)}, `}${proofEvents(proof)}</span
    >`

export const proofEvents = (proof: readonly number[]): Html =>
  html`event${proof.length !== 1 && 's'} ${join(proof.map(figure), ', ')}`

function undecidedList(open: readonly RuleOnBoth[]): Value {
  const items = open.map(
    ({ rule, hazard, missingLeft, missingRight }) =>
      html`<li>
        <code>${rule}</code> <span class="mu">(${hazard})</span>:
        ${needs('left', missingLeft)}${missingLeft.length > 0 && missingRight.length > 0 && '; '}${needs('right', missingRight)}
      </li>`,
  )
  return html`<details>
    <summary>${listed(open.length, 'rule')} undecided: what they need and a run lacks</summary>
    <ul>
      ${items}
    </ul>
  </details>`
}

const needs = (side: string, missing: readonly string[]): Value =>
  missing.length > 0 && `${side} lacks ${missing.join(', ')}`
