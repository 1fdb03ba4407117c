import { isPlainText } from '@pagetrail/recorder'
import { complain, type Model, query } from '../model/model.ts'
import { found, hitsOn, movePage, opened, type Only } from '../model/page.ts'
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

/** To the next line with the words that are looked for; without any, to the next that leads somewhere, however far. */
export const toPlace = (step: 1 | -1) => (m: Model) => {
  const page = pageOf(m)
  if (!page) return m
  const { lines, view, height } = page
  if (view.find === null) return withPage(m, movePage(lines, view, step, height, Infinity))
  const hits = hitsOn(lines, view.find)
  const at = step > 0 ? hits.find((i) => i > view.cursor) : hits.findLast((i) => i < view.cursor)
  if (at === undefined) return complain(m, `no match ${step > 0 ? 'after' : 'before'} this line`)
  return withPage(m, found(lines, view, view.find, at, height))
}

/** A line with words is typed for; the cursor goes along. */
export const findOnPage = (m: Model): Model => ({
  ...m,
  prompt: openPrompt('findPage', '', pageOf(m)?.view.cursor ?? 0),
})

/** The words so far, looked for from where the cursor was; empty: none, and the cursor goes back. */
export function foundOnPage(m: Model, text: string, from: number): Model {
  const page = pageOf(m)
  if (!page) return m
  const { lines, view, height } = page
  if (text !== '') return withPage(m, found(lines, view, text, from, height))
  return withPage(m, {
    ...movePage(lines, view, from - view.cursor, height),
    cursor: from,
    find: null,
  })
}

/** What is looked for is no longer; else all parts are shown again. */
export const dropOnPage = (m: Model): Model => {
  const page = pageOf(m)
  if (page && page.view.find !== null && page.view.only === null)
    return withPage(m, { ...page.view, find: null })
  return filterPage(m, '')
}

export const PAGE_COMMANDS = {
  'page.filter': (m: Model) => ({ ...m, prompt: openPrompt('page') }),
  'page.find': findOnPage,
  'page.all': dropOnPage,
  'page.next': toPlace(1),
  'page.prev': toPlace(-1),
  'page.open': (m: Model) => {
    const page = pageOf(m)
    return follow(m, page?.lines[page.view.cursor]?.link)
  },
} as const
