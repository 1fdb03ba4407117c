import { InputError } from '@pagetrail/recorder'
import { Worker } from 'node:worker_threads'
import type { Data } from './data.ts'
import { runCommand } from './command-process.ts'
import { runSql } from './run-sql.ts'
import { startWorker } from './start-worker.ts'
import type { Method, Reply, Request } from './worker-protocol.ts'

/** Something that was asked was given up; nobody needs to be told. */
export class Dropped extends Error {
  override readonly name = 'Dropped'
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** One worker and the calls it has not answered yet. */
class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #next = 0

  constructor(worker: Worker) {
    this.#worker = worker
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#failAll(error))
  }

  call<R>(method: Method, args: readonly unknown[]): Promise<R> {
    const id = this.#next++
    return new Promise<R>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as R), reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
      this.#worker.postMessage({ type: 'call', id, method, args } satisfies Request)
    })
  }

  async end(): Promise<void> {
    this.#failAll(new Dropped('stopped'))
    await this.#worker.terminate()
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (!waiting) return
    this.#waiting.delete(reply.id)
    if (reply.type === 'done') waiting.resolve(reply.value)
    else if (reply.input) waiting.reject(new InputError(reply.message))
    else waiting.reject(Object.assign(new Error(reply.message), { stack: reply.stack }))
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Work in a process of its own, which can be stopped; another of the sort ends it. */
class Stoppable {
  #controller: AbortController | null = null

  async run<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    this.stop()
    const own = new AbortController()
    this.#controller = own
    try {
      return await work(own.signal)
    } finally {
      if (this.#controller === own) this.#controller = null
    }
  }

  stop(): void {
    this.#controller?.abort()
  }
}

/**
 * The database behind worker threads: a query of it never stops the keyboard. `url` is that of the bundled worker.ts,
 * `program` that of the command, for verbs that write; `first` is a worker on the same database that was started early.
 */
export function workerData(url: URL, program: URL, db: string, first?: Worker): Data {
  const start = () => new Thread(startWorker(url, db))
  const pages = first ? new Thread(first) : start()
  // The first look far into a long run folds for seconds: pages of rows must not wait for it. Not begun at once, for
  // the first frame needs the cores.
  let states: Thread | null = null
  let long: Thread | null = null
  const work = new Stoppable()
  /** Aligns two runs; begun when first wanted. */
  let pairs: Thread | null = null
  const call =
    <M extends Method>(method: M) =>
    (...args: Parameters<Data[M]>): ReturnType<Data[M]> =>
      pages.call(method, args) as ReturnType<Data[M]>
  /** A worker of its own: ending the thread is what stops long work. */
  const alone =
    <R, A extends readonly unknown[]>(method: Method) =>
    async (...args: A): Promise<R> => {
      const thread = start()
      await long?.end()
      long = thread
      try {
        return await thread.call<R>(method, args)
      } finally {
        if (long === thread) long = null
        await thread.end()
      }
    }
  return {
    runs: call('runs'),
    find: call('find'),
    window: call('window'),
    seek: call('seek'),
    stopSeek: call('stopSeek'),
    count: call('count'),
    pair: call('pair'),
    state: (query) => (states ??= start()).call('state', [query]),
    why: (...args) => (states ??= start()).call('why', args),
    density: call('density'),
    names: call('names'),
    rename: call('rename'),
    remove: call('remove'),
    marks: call('marks'),
    saveMarks: call('saveMarks'),
    check: alone('check'),
    diff: alone('diff'),
    diffRows: (query) => (pairs ??= start()).call('diffRows', [query]),
    difference: (query) => (pairs ??= start()).call('difference', [query]),
    exportResult: call('exportResult'),
    sql: (text) => work.run((signal) => runSql(db, text, signal)),
    command: (args) => work.run((signal) => runCommand(program, db, args, signal)),
    async cancel() {
      work.stop()
      await Promise.all([long?.end(), pages.call('stopSeek', [])])
      long = null
    },
    async close() {
      work.stop()
      await long?.end()
      await Promise.all([pages.end(), states?.end(), pairs?.end()])
    },
  }
}
