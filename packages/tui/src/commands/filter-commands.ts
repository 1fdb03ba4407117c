import { valueText } from '@pagetrail/recorder'
import { type Model, complain, leave } from '../model/model.ts'
import { openPrompt } from '../model/prompt.ts'
import { descriptorOf } from '../text/begins.ts'
import { atEvent } from './replay-commands.ts'
import { changeView, withReplay } from '../model/replay.ts'
import { EVERYTHING } from '../model/view-filter.ts'

const addFilter = (m: Model, text: string): Model =>
  withReplay(m, (r) => changeView(r, { filters: [...r.view.filters, text] }))

/** Another chip of the filter bar is the one to drop. */
const chooseFilter = (step: 1 | -1) => (m: Model) => {
  const last = (m.replay?.view.filters.length ?? 0) - 1
  if (last < 0) return complain(m, 'there is no filter: / adds one')
  return withReplay(m, (r) => {
    const chip = Math.max(0, Math.min(last, (r.chip ?? last) + step))
    return { ...r, chip }
  })
}

/** The chosen filter, or the last; without one, what folds hide. */
function dropFilter(m: Model): Model {
  const view = m.replay?.view
  if (!view) return m
  if (view.filters.length > 0) {
    const at = m.replay?.chip ?? view.filters.length - 1
    return withReplay(m, (r) => changeView(r, { filters: view.filters.toSpliced(at, 1) }))
  }
  if (view.depth === null && view.folds.length === 0)
    return complain(m, 'there is no filter to drop')
  return withReplay(m, (r) => changeView(r, EVERYTHING))
}

/** Only events of the CPU under the cursor; again: all of them. */
const onlyCpu = (m: Model): Model =>
  atEvent(m, (r, e) => {
    const own = `cpu == ${e.cpu}`
    const at = r.view.filters.indexOf(own)
    return at < 0
      ? addFilter(m, own)
      : withReplay(m, (x) => changeView(x, { filters: x.view.filters.toSpliced(at, 1) }))
  })

export const FILTER_COMMANDS = {
  filter: (m: Model) => ({ ...m, prompt: openPrompt('filter') }),
  search: (m: Model) => ({ ...leave(m), prompt: openPrompt('search', '', m.replay?.cursor ?? 0) }),
  'filter.drop': dropFilter,
  'filter.left': chooseFilter(-1),
  'filter.right': chooseFilter(1),
  'filter.clear': (m: Model) => withReplay(m, (r) => changeView(r, EVERYTHING)),
  'filter.kind': (m: Model) => atEvent(m, (_r, e) => addFilter(m, `kind == ${e.kind}`)),
  'filter.notKind': (m: Model) => atEvent(m, (_r, e) => addFilter(m, `kind != ${e.kind}`)),
  'cpu.only': onlyCpu,
  'filter.va': (m: Model) =>
    atEvent(m, (_r, e) => {
      const at = descriptorOf(e)
      return at
        ? addFilter(m, `va == ${valueText(at.va)}`)
        : complain(m, 'this event has no address')
    }),
} as const
