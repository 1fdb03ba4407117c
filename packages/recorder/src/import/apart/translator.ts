import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'

import type { TranslatorStart } from './protocol.ts'

/**
 * The program of the thread that reads a trace. A thread uses what is kept of compiled code only for what it imports
 * after it has said so.
 */
enableCompileCache()
const { translateFile } = await import('./translate-file.ts')
await translateFile(workerData as TranslatorStart)
