import { type Geometry, geometryName } from '@pagetrail/engine'

import type { Diff, Side } from '../diff/result.ts'
import { laneTexts } from '../diff/say/lane-texts.ts'
import { askedTexts } from '../diff/say/wording.ts'
import { figure, html, type Html, nameHtml, type Value } from './html.ts'
import type { SideNames } from './side-names.ts'
import { table, hiddenCaption } from './html-table.ts'

/** What both runs are: a row of the table each. */
const ROWS: readonly (readonly [title: string, of: (side: Side) => Value])[] = [
  ['run', ({ label }) => html`<code>${nameHtml(label)}</code>`],
  ['source', ({ source }) => SOURCES[source]],
  ['kernel', ({ kernel }) => kernel && nameHtml(kernel)],
  ['build', ({ build }) => build && nameHtml(build)],
  ['code', ({ flavour }) => flavour],
  ['scenario', ({ scenario }) => scenario && html`<code>${nameHtml(scenario)}</code>`],
  ['file', ({ file }) => file && html`<code>${nameHtml(file.split('/').at(-1) ?? file)}</code>`],
  ['calls', ({ calls }) => figure(calls)],
  ['events', ({ events }) => figure(events)],
  [
    'events lost',
    ({ lost }) => (lost > 0 ? html`<b class="bad">${figure(lost)}</b>` : figure(lost)),
  ],
]

const SOURCES: Readonly<Record<Side['source'], string>> = {
  engine: 'the engine',
  module: 'a module on the engine',
  ftrace: 'a real kernel, traced',
  jsonl: 'JSON Lines',
  tree: 'the code of a kernel tree',
}

/** Both runs, what they can show, and how calls and addresses were laid side by side. */
export function comparedBody(diff: Diff, names: SideNames): Html {
  const rows = [
    ...ROWS.map(([title, of]) => rowOf(title, of(diff.left), of(diff.right))),
    rowOf('page tables', tablesText(diff.geometries.left), tablesText(diff.geometries.right)),
  ]
  const runs = table({
    label: 'The two runs',
    kind: 'runs wide',
    caption: hiddenCaption('The two runs'),
    columns: [null, names.full.left, names.full.right],
    rows,
  })
  return html`<div class="two">${runs}${limits(diff)}</div>`
}

const tablesText = (geometry: Geometry | null): string =>
  geometry
    ? `${geometryName(geometry.pageShift, geometry.vaBits)} (${geometry.levels} levels)`
    : 'not known'

function rowOf(title: string, left: Value, right: Value): Value {
  if (!left && !right) return null
  return html`<tr>
    <th scope="row">${title}</th>
    <td>${left || '—'}</td>
    <td>${right || '—'}</td>
  </tr>`
}

function limits(diff: Diff): Html {
  const { left, right, neitherShows } = diff
  const one = [
    ...(left.cannotShow.length > 0 ? [`left cannot show ${left.cannotShow.join(', ')}`] : []),
    ...(right.cannotShow.length > 0 ? [`right cannot show ${right.cannotShow.join(', ')}`] : []),
  ]
  const neither =
    neitherShows.length > 0
      ? `${neitherShows.join(', ')}. Nothing is concluded about them.`
      : 'No kind of event is hidden from both.'
  const how = [
    ...laneTexts(diff),
    ...askedTexts(diff),
    diff.addresses === 'relative'
      ? 'addresses by their place in their own call, stores by the bits that they set and clear: the runs are of different boots'
      : 'addresses and values as they are: both runs have one layout',
  ]
  return html`<dl class="limits">
    <dt>Neither run can show</dt>
    <dd>${neither}</dd>
    <dt>Only one can show</dt>
    <dd>
      ${one.length > 0 ? `${one.join('; ')}.` : 'Nothing: both show the same kinds of events.'}
    </dd>
    <dt>Compared how</dt>
    <dd>${how.map((text) => html`${text}.<br />`)}</dd>
  </dl>`
}
