import { count } from '../event/quantity.ts'
import { hexOf } from '@pagetrail/engine'

import type { HeldVersion } from '../observers/held-versions.ts'
import { MEANING } from '../check/fold/damage.ts'
import { isHarm } from '../observers/translation.ts'
import type { Debts, DebtsOverTime } from './debts.ts'
import { figure, html, Html, type Value } from './html.ts'
import { table } from './html-table.ts'

/** A run whose ledger is drawn, and how it is called. */
export interface Ledger {
  readonly title: Html
  readonly label: string
  readonly debts: DebtsOverTime
}

/** The ledgers of one run or two, to one scale, and what is still owed at the end. */
export function debtsBody(ledgers: readonly Ledger[]): Html {
  const top = Math.max(1, ...ledgers.map(({ debts }) => debts.most.harmful))
  const isTwo = ledgers.length > 1
  const scale = isTwo ? 'Both strips have one height scale,' : 'The height scale is'
  return html`<p class="say">
      A store that changes a valid entry owes a flush until one covers it: until then, TLBs may hold
      what it was.
    </p>
    ${ledgers.map((ledger) => strip(ledger, top))}
    <p class="note">
      <span class="sw lf" style="background:var(--owed)"></span> a TLB may still <b>allow</b> what
      the tables forbid, or lead elsewhere;
      <span class="sw lr" style="background:var(--owed2)"></span> it may only <b>refuse</b> what
      they allow. ${scale} 0 to ${count(top)} ${top === 1 ? 'entry' : 'entries'};
      ${isTwo ? 'each' : 'the'} run’s events go from left to right.
    </p>
    ${ledgers.map(openTable)}`
}

/** What stands at most between two samples is not seen. */
const sampled = (step: number): Value => step > 1 && html` (sampled every ${figure(step)} events)`

function strip({ title, label, debts }: Ledger, top: number): Html {
  const { most, end, lacks, samples } = debts
  const last = samples.at(-1)?.seq ?? -1
  const open = end.harmful
  if (last < 0) return html`<p>${title} <span class="mu">has no events.</span></p>`
  const words = `${label}: old entries that TLBs may use over ${count(last + 1)} events; at most ${count(most.harmful)} at once, ${count(open)} at the end${lacks === null ? '' : ', as far as is seen'}`
  return html`<div class="led"><p>${title} <span class="mu">most at once ${figure(most.harmful)}${most.harmful > 0 && html` after event ${figure(most.seq)}`}${sampled(debts.step)} · <b${open > 0 && new Html(' class="bad"')}>${figure(open)} owed at the end${lacks !== null && ', as far as is seen'}</b>${end.unknown > 0 && html` · ${figure(end.unknown)} beside tables that were not seen`}</span></p>
<svg width="1000" height="56" viewBox="0 0 1000 56" preserveAspectRatio="none" role="img" aria-label="${words}">${area(samples, last, top, ({ harmful }) => harmful, 'lr', '#e3b5a6')}${area(samples, last, top, (s) => s.harmful - s.harms['too-little'], 'lf', '#a8321a')}<path class="base" stroke="#8c959f" fill="none" d="M0 55.5H1000"/></svg>
<div class="ends"><span>event 0</span><span>event ${figure(last)}</span></div>${lacks !== null && html`<p class="note"><b>Not all of it is known:</b> ${lacks}.</p>`}</div>`
}

/** What is paid by the last event is seen to be. */
const LEFT_OF_END = 994

/** Steps: a debt stands until the sample that shows it paid. An event has a width, also the last. */
function area(
  samples: readonly Debts[],
  last: number,
  top: number,
  heightOf: (sample: Debts) => number,
  kind: string,
  fill: string,
): Html | null {
  if (samples.every((sample) => heightOf(sample) === 0)) return null
  let d = 'M0 56'
  let height = 0
  for (const sample of samples) {
    const now = heightOf(sample)
    if (now === height) continue
    const x = (sample.seq / (last + 1)) * 1000
    d += `H${round(now < height ? Math.min(x, LEFT_OF_END) : x)}V${round(56 - (now / top) * 52)}`
    height = now
  }
  return new Html(`<path class="${kind}" fill="${fill}" d="${d}H1000V56z"/>`)
}

const round = (n: number): number => Math.round(n * 100) / 100

function openTable({ title, label, debts: { open } }: Ledger): Value {
  if (open.total === 0) return null
  const rows = open.items.map(
    ({ level, va, lo, hi, seq, op, fn, stage, relation }: HeldVersion) =>
      html`<tr>
        <th scope="row"><code class="nw">${hexOf(va)}</code> ${level}</th>
        <td data-h="TLBs may hold">
          <code class="nw">${hexOf((BigInt(hi) << 32n) | BigInt(lo))}</code>
        </td>
        <td>${isHarm(relation) && MEANING[relation]} (${stage})</td>
        <td data-h="overwritten by">
          ${fn !== null && html`<code>${fn}</code>, `}${op !== null && html`call ${figure(op)}, `}event
          ${figure(seq)}
        </td>
      </tr>`,
  )
  const more = open.total - open.items.length
  return html`<h3>Owed at the end, ${title}</h3>
    ${table({
      label: `What is owed at the end, ${label}`,
      kind: 'stack',
      columns: ['entry', 'TLBs may hold', 'and', 'overwritten by'],
      rows,
    })}
    ${more > 0 && html`<p class="note">The first of ${figure(open.total)} entries.</p>`}`
}
