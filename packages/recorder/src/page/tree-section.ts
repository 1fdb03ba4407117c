import { type Geometry, hexOf } from '@pagetrail/engine'

import { decodeDescriptor, type DescriptorField } from '../descriptor/decode.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import type { PairTree, Diff } from '../diff/result.ts'
import { callText } from '../diff/say/wording.ts'
import { eventWords } from '../say/event-words.ts'
import { figure, html, Html, join, type Value } from './html.ts'
import type { SideNames } from './side-names.ts'
import { table, hiddenCaption } from './html-table.ts'

const STATUS = {
  same: { sign: '', words: 'same', kind: 'same' },
  renamed: { sign: '≙', words: 'same role', kind: 'chg' },
  changed: { sign: '≠', words: 'changed', kind: 'chg' },
  left: { sign: '−', words: 'only left', kind: 'lo' },
  right: { sign: '+', words: 'only right', kind: 'ro_' },
  unknown: { sign: '?', words: 'the other side does not show it', kind: 'unk' },
  lost: { sign: '?', words: 'events of the call are missing', kind: 'unk' },
} as const

/** Two call trees side by side, and below them the first store that differs, bit by bit. */
export function treeBody(tree: PairTree, diff: Diff, names: SideNames): Html {
  const { geometries } = diff
  const at = tree.rows.findIndex(isDifference)
  const rows = tree.rows.map((row, i) => rowOf(row, diff, i === at))
  return html`<p class="say mono">
      ${names.left} <code>${callText(tree.left, geometries.left)}</code><br />${names.right}
      <code>${callText(tree.right, geometries.right)}</code>
    </p>
    ${table({
      label: `Two call trees, ${tree.verdict}`,
      kind: 'tree',
      caption: hiddenCaption('Both calls, event by event'),
      columns: [
        { head: html`<span class="vh">status</span>`, kind: 'm' },
        { head: 'event', kind: 'n' },
        names.left,
        { head: 'event', kind: 'n' },
        names.right,
      ],
      rows,
    })}
    <p class="note">${signs(tree, at)}</p>
    ${tree.more > 0 && html`<p class="note">and ${figure(tree.more)} more rows.</p>`}
    ${storeBits(tree, diff, names)}`
}

/** What the signs in front of the rows mean, of those that there are. */
function signs({ rows }: PairTree, at: number): Value {
  const seen = new Set(rows.flatMap((row) => (row.row === 'events' ? [row.status] : [])))
  const known = (Object.keys(STATUS) as (keyof typeof STATUS)[])
    .filter((status) => status !== 'same' && seen.has(status))
    .map((status) => `${STATUS[status].sign} ${STATUS[status].words}`)
  return join([...(at < 0 ? [] : ['➤ the first difference']), ...known], ' · ')
}

type TreeRow = PairTree['rows'][number]

const isDifference = (row: TreeRow): boolean =>
  row.row === 'events' &&
  (row.status === 'changed' || row.status === 'left' || row.status === 'right')

function rowOf(row: TreeRow, { geometries, addresses }: Diff, here: boolean): Html {
  if (row.row === 'repeat') {
    const above = row.rows === 1 ? 'the row' : html`the ${figure(row.rows)} rows`
    return html`<tr class="fold">
      <td colspan="5">
        ${above} above, ${figure(row.times)} times more, from event
        ${row.left === null ? '–' : figure(row.left)} │
        ${row.right === null ? '–' : figure(row.right)}
      </td>
    </tr> `
  }
  if (row.row === 'fold') {
    return html`<tr class="fold">
      <td colspan="5">
        ${figure(row.count)} equal rows, from event ${figure(row.left)} │ ${figure(row.right)}
      </td>
    </tr> `
  }
  const { sign, words, kind } = STATUS[row.status]
  const left = row.left && saidOf(row.left, geometries.left)
  const right = row.right && saidOf(row.right, geometries.right)
  const apart = row.status === 'changed' || row.status === 'renamed'
  const shown = (side: Said | null, other: Said | null) =>
    side && textOf(side, apart ? other : null, addresses === 'relative')
  return html`<tr class="${kind}${here && ' here'}">
    <td class="m">
      <span aria-hidden="true">${here ? '➤' : sign}</span><span class="vh">${words}</span>
    </td>
    ${cell('a', row.left, shown(left, right))}${cell('b', row.right, shown(right, left))}
  </tr> `
}

const cell = (kind: 'a' | 'b', event: TraceEvent | null, text: Value): Html =>
  event === null
    ? html`<td class="n ${kind} none"></td>
        <td class="t ${kind} none"></td>`
    : html`<td class="n ${kind}">${figure(event.seq)}</td>
        <td class="t ${kind}" style="--d:${event.nest}">${text}</td>`

interface Said {
  readonly what: string
  readonly detail: readonly string[]
}

function saidOf(event: TraceEvent, geometry: Geometry | null): Said {
  const { mark, what, detail } = eventWords(event, geometry)
  return { what: `${mark} ${what}`, detail: detail.split(' ') }
}

/** Words that the other side has not are marked; addresses of another boot differ without saying anything. */
function textOf({ what, detail }: Said, other: Said | null, relative: boolean): Html {
  const theirs = other && new Set(other.detail)
  const isApart = (word: string): boolean =>
    theirs !== null && !theirs.has(word) && !(relative && /^0x[0-9a-f]{7,}$/.test(word))
  const words = detail.map((word) => (isApart(word) ? html` <em>${word}</em>` : html` ${word}`))
  const head = other && other.what !== what ? html`<em>${what}</em>` : html`<b>${what}</b>`
  return html`${head}<span class="mu">${words}</span>`
}

type StoreEvent = EventOf<'desc_write'>
const asStore = (event: TraceEvent | null): StoreEvent | null =>
  event?.kind === 'desc_write' ? event : null

/** The first store that differs: what it made of each field, on either side. */
function storeBits(tree: PairTree, { geometries, addresses }: Diff, names: SideNames): Value {
  const row = tree.rows.find(
    (r) => r.row === 'events' && isDifference(r) && (asStore(r.left) ?? asStore(r.right)) !== null,
  )
  if (row?.row !== 'events') return null
  const [left, right] = [asStore(row.left), asStore(row.right)]
  const sides = [
    { store: left, geometry: geometries.left, name: names.left },
    { store: right, geometry: geometries.right, name: names.right },
  ].filter((side) => side.store !== null)
  const fields = sides.map(({ store, geometry }) =>
    store ? decodeDescriptor(store.old, store.new, store.level, geometry) : [],
  )
  const all = [...new Set(fields.flatMap((list) => list.map(({ name }) => name)))]
  const rows = all.flatMap((field) => {
    const found = fields.map((list) => list.find(({ name }) => name === field))
    const texts = found.map((f) => (f ? `${f.old ?? '?'} → ${f.new ?? '?'}` : '0 → 0'))
    const differs = fieldDiffers(field, found, addresses)
    if (!differs && found.every((f) => f?.changed !== true)) return []
    const cells = texts.map(
      (text) => html`<td><code>${differs ? html`<em>${text}</em>` : text}</code></td>`,
    )
    const meaning = found.find((f) => f?.changed)?.meaning ?? found.at(-1)?.meaning ?? ''
    return [
      html`<tr>
        <th scope="row">${field}</th>
        <td class="mu">${found.find(Boolean)?.bits}</td>
        ${cells}
        <td class="mu">${meaning}</td>
      </tr>`,
    ]
  })
  const heads = sides.map(
    ({ store, name }) =>
      html`${name}, event ${store && figure(store.seq)}<br /><code
          >${store && digits(store)}</code
        >`,
  )
  return html`<div class="bits">
    ${table({
      label: `The first store that differs, ${tree.verdict}`,
      caption: html`<caption>
        The first store that differs, field by field
      </caption>`,
      columns: ['field', 'bits', ...heads, 'after it'],
      rows,
    })}
  </div>`
}

/**
 * Whether two stores do something else to a field. Between boots what an entry held is not theirs, nor where it leads:
 * only what they change counts.
 */
function fieldDiffers(
  field: string,
  found: readonly (DescriptorField | undefined)[],
  addresses: Diff['addresses'],
): boolean {
  if (found.length < 2) return false
  const [a, b] = found
  if (addresses === 'relative') {
    const [left, right] = [a?.changed === true, b?.changed === true]
    return left !== right || (left && field !== 'address' && a?.new !== b?.new)
  }
  return a?.old !== b?.old || a?.new !== b?.new
}

/** `00e8000500040703 → 00e8000500040702`, the digits that the store changed marked. */
function digits({ old, new: now }: StoreEvent): Html {
  const [a, b] = [digitsOf(old), digitsOf(now)]
  return html`${marked(a, b)} → ${marked(b, a)}`
}

const digitsOf = (value: bigint | null): string =>
  value === null ? '?' : hexOf(value).slice(2).padStart(16, '0')

const marked = (mine: string, other: string): Value =>
  [...mine].map((digit, i) =>
    mine.length === other.length && other[i] !== digit ? html`<em>${digit}</em>` : digit,
  )
