import { enableCompileCache, flushCompileCache } from 'node:module'

/** Long after the first answers, when nobody waits for this thread. */
const KEEP_MS = 3_000

/**
 * The program of the threads behind the screens. A thread does not use what the process keeps of compiled code unless
 * it says so, and does not write it at its end. Compiled anew, its code would be a third of the time to the first
 * frame.
 */
enableCompileCache()
await import('./answers.ts')
setTimeout(flushCompileCache, KEEP_MS).unref()
