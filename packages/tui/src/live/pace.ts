import type { ModelStore } from './model-store.ts'

/** How long a frame waits for rows that have been asked for: an answer from a page takes a few milliseconds. */
const WAIT_MS = 12

/**
 * Subscribes to the frames that are worth painting: while the rows that a key asked for are on their way, the frame
 * waits for them, so that a jump is painted once and not twice.
 */
export function paced(store: ModelStore): (paint: () => void) => () => void {
  return (paint) => {
    let timer: NodeJS.Timeout | null = null
    const now = () => {
      if (timer) clearTimeout(timer)
      timer = null
      paint()
    }
    const unsubscribe = store.subscribe(() => {
      const { replay, screen } = store.get()
      const waits = screen === 'replay' && replay?.loaded === true && replay.goal !== null
      if (!waits) now()
      else timer ??= setTimeout(now, WAIT_MS)
    })
    return () => {
      if (timer) clearTimeout(timer)
      unsubscribe()
    }
  }
}
