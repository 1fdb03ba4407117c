import {
  descriptorsOf,
  eventToJson,
  eventWords,
  runGeometry,
  valueText,
  count,
} from '@pagetrail/recorder'
import { findingMarkdown } from '../model/findings.ts'
import { type Model, ask, complain } from '../model/model.ts'
import { pageOf } from '../model/pages.ts'
import { descriptorOf } from '../text/begins.ts'
import { atEvent } from './replay-commands.ts'

const copyRow = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const line = eventWords(e, runGeometry(r.run))
    return ask(m, {
      type: 'copy',
      text: `${e.seq} ${line.what} ${line.detail}`,
      what: `row ${count(e.seq)}`,
    })
  })

/** The finding under the cursor as Markdown; of another page all lines. */
function copyPage(m: Model): Model {
  const page = pageOf(m)
  if (!page) return complain(m, 'there is nothing to copy')
  const r = m.replay
  if (m.screen === 'findings' && r?.checked) {
    const text = findingMarkdown(r.run, page.lines, page.view.cursor)
    return ask(m, { type: 'copy', text, what: 'the finding as Markdown' })
  }
  const text = page.lines.map((line) => line.text).join('\n')
  return ask(m, { type: 'copy', text, what: 'the answer' })
}

export const COPY_COMMANDS = {
  copy: copyRow,
  'copy.json': (m: Model) =>
    atEvent(m, (_r, e) =>
      ask(m, {
        type: 'copy',
        text: JSON.stringify(eventToJson(e)),
        what: `event ${count(e.seq)} as JSON`,
      }),
    ),
  'copy.va': (m: Model) =>
    atEvent(m, (_r, e) => {
      const at = descriptorOf(e)
      if (!at) return complain(m, 'this event has no address')
      return ask(m, { type: 'copy', text: valueText(at.va), what: 'the address' })
    }),
  'copy.desc': (m: Model) =>
    atEvent(m, (_r, e) => {
      const [last] = descriptorsOf(e).toReversed()
      if (!last || last.desc === null) return complain(m, 'this event has no descriptor')
      return ask(m, { type: 'copy', text: valueText(last.desc), what: 'the descriptor' })
    }),
  'page.copy': copyPage,
} as const
