import { Worker } from 'node:worker_threads'

/**
 * A thread that answers questions about a database; `url` is that of the bundled worker.ts. `proofs`: folder in which
 * it is remembered what of the database was proven.
 */
export const startWorker = (url: URL, db: string, proofs: string | undefined): Worker =>
  new Worker(url, { workerData: { db, proofs } })
