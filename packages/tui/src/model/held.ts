import { rowAtCursor } from './diff.ts'
import { type Model, say } from './model.ts'

/** The cursor goes to rows that are still being read: what stands under it now is not what a key means. */
export const awaitsRows = ({ screen, replay, diff }: Model): boolean =>
  screen === 'replay'
    ? replay !== null && (!replay.loaded || replay.goal !== null)
    : screen === 'diff' && diff?.tab === 'path' && !diff.done && !rowAtCursor(diff)

/** Stands for the command that came here too early: whoever ran it puts it in. */
const AGAIN = (m: Model): Model => m

/** A command that is about the row under the cursor comes again when the rows are here. */
export const hold = (m: Model): Model => ({
  ...say(m, 'waiting for the rows: Esc drops the keys'),
  held: AGAIN,
})

/** What a command has made of the model, with how to do it again where it is to come again. */
export const heldAs = (m: Model, again: (m: Model) => Model): Model =>
  m.held === AGAIN ? { ...m, held: again } : m

/** Another key: behind those that wait, else at once. */
export const behindHeld = (m: Model, act: (m: Model) => Model): Model => {
  const { held } = m
  return held ? { ...m, held: (later) => behindHeld(held(later), act) } : act(m)
}

/** The keys that wait are dropped. */
export const dropHeld = (m: Model): Model =>
  m.held ? say({ ...m, held: null }, 'the keys are dropped') : m

/** What waits is done once the rows are here. */
export const released = (m: Model): Model =>
  m.held && !awaitsRows(m) ? m.held({ ...m, held: null, message: null }) : m
