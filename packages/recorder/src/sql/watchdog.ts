import { MEMORY_MAX_BYTES, MEMORY_SIGNAL } from './query-protocol.ts'

/** How often memory and parent are looked at. */
const LOOK_MS = 25

/**
 * Runs beside the query, in a thread of its own, since the query's never returns to its event loop: ends the process
 * when it needs too much memory, or when nobody waits for it any more.
 */
const parent = process.ppid

setInterval(() => {
  if (process.memoryUsage.rss() > MEMORY_MAX_BYTES) process.kill(process.pid, MEMORY_SIGNAL)
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
