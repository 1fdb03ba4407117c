import { isPlainText } from '@pagetrail/recorder'
import { type Model, query } from '../model/model.ts'
import { movePage, opened, type Only } from '../model/page.ts'
import { pageOf, withPage } from '../model/pages.ts'
import { openPrompt } from '../model/prompt.ts'
import { seqsNamed } from '../model/sift.ts'
import { follow } from './navigation.ts'

/** The page with only the parts that are wanted, at the first place among them. */
function siftPage(m: Model, only: Only | null): Model {
  const page = pageOf(m)
  if (!page) return m
  const sifted = withPage(m, { ...page.view, only })
  return withPage(sifted, opened(pageOf(sifted)?.lines ?? [], only))
}

/** Only parts with these words, or that name an event which an expression lets through; empty: all of them. */
export function filterPage(m: Model, text: string): Model {
  if (text === '') return siftPage(m, null)
  if (isPlainText(text)) return siftPage(m, { text, seqs: null })
  const run = m.replay?.run.id
  const all = pageOf(siftPage(m, null))
  if (run === undefined || !all) return m
  const named = [...new Set(all.lines.flatMap(seqsNamed))]
  const { screen } = m
  return query(
    m,
    (data) => data.matching(run, named, text),
    (later, seqs) =>
      later.screen === screen && later.replay?.run.id === run
        ? siftPage(later, { text, seqs: new Set(seqs) })
        : later,
    { title: 'reading the events' },
  )
}

/** To the next line that leads somewhere, however far it is. */
const toPlace = (step: 1 | -1) => (m: Model) => {
  const page = pageOf(m)
  if (!page) return m
  return withPage(m, movePage(page.lines, page.view, step, page.height, Infinity))
}

export const PAGE_COMMANDS = {
  'page.filter': (m: Model) => ({ ...m, prompt: openPrompt('page') }),
  'page.all': (m: Model) => filterPage(m, ''),
  'page.next': toPlace(1),
  'page.prev': toPlace(-1),
  'page.open': (m: Model) => {
    const page = pageOf(m)
    return follow(m, page?.lines[page.view.cursor]?.link)
  },
} as const
