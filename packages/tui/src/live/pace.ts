import { rowAtCursor } from '../model/diff.ts'
import type { Model } from '../model/model.ts'
import type { ModelStore } from './model-store.ts'

/** How long a frame waits for what a key has asked for: most answers take a few milliseconds. */
const WAIT_MS = 12

/** A jump has been made to rows that are not here yet. */
const lacksRows = ({ screen, replay, diff }: Model): boolean =>
  screen === 'replay'
    ? replay?.loaded === true && replay.goal !== null
    : screen === 'diff' && diff?.tab === 'path' && diff.known > 0 && !rowAtCursor(diff)

/**
 * Subscribes to the frames that are worth painting. Keys that came together are painted together. While what a key
 * asked for is on its way, `asked`, or the rows that it leads to, the frame waits for it: a jump is painted once.
 * What takes longer is painted without.
 */
export function paced(store: ModelStore, asked: () => boolean): (paint: () => void) => () => void {
  return (paint) => {
    let timer: NodeJS.Timeout | null = null
    let isDue = false
    /** What is waited for now has been waited for long enough. */
    let isOverdue = false
    const now = () => {
      if (timer) clearTimeout(timer)
      timer = null
      paint()
    }
    const late = () => {
      isOverdue = true
      now()
    }
    const look = () => {
      isDue = false
      const m = store.get()
      // What is typed shows at once, whatever is looked for meanwhile.
      const waits = m.prompt === null && (asked() || lacksRows(m))
      if (!waits) isOverdue = false
      if (!waits || isOverdue) now()
      else timer ??= setTimeout(late, WAIT_MS)
    }
    const unsubscribe = store.subscribe(() => {
      if (!isDue) queueMicrotask(look)
      isDue = true
    })
    return () => {
      if (timer) clearTimeout(timer)
      unsubscribe()
    }
  }
}
