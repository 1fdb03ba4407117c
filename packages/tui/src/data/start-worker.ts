import { Worker } from 'node:worker_threads'

/** A thread that answers questions about a database; see worker.ts, whose bundle `url` is. */
export const startWorker = (url: URL, db: string): Worker => new Worker(url, { workerData: { db } })
