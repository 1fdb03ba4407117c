import { InputError } from '@pagetrail/recorder'
import type { Worker } from 'node:worker_threads'
import { type Data, THREADS } from './data.ts'
import { expanded } from './paths.ts'
import { runCommand } from './command-process.ts'
import { runSql } from './run-sql.ts'
import { startWorker } from './start-worker.ts'
import type { Method, Reply, Request } from './worker-protocol.ts'

/** Something that was asked was given up; nobody waits for it. */
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
export function workerData(
  url: URL,
  program: URL,
  db: string,
  proofs: string | undefined,
  first?: Worker,
): Data {
  const start = () => new Thread(startWorker(url, db, proofs))
  /** Begun when first wanted, for the first frame needs the cores. */
  const threads = new Map([['pages', first ? new Thread(first) : start()]])
  const threadOf = (name: string): Thread => {
    const thread = threads.get(name) ?? start()
    threads.set(name, thread)
    return thread
  }
  let long: Thread | null = null
  const work = new Stoppable()
  const alone = async (method: Method, args: readonly unknown[]): Promise<unknown> => {
    const thread = start()
    await long?.end()
    long = thread
    try {
      return await thread.call(method, args)
    } finally {
      if (long === thread) long = null
      await thread.end()
    }
  }
  const own: Omit<Data, Method> = {
    sql: (text) => work.run((signal) => runSql(db, text, signal, proofs)),
    async command(args) {
      // Into a file that took the place of this one nothing is written.
      await threadOf('pages').call('runs', [])
      return work.run((signal) => runCommand(program, db, args.map(expanded), signal))
    },
    async cancel() {
      work.stop()
      await Promise.all([long?.end(), threadOf('pages').call('stopSeek', [])])
      long = null
    },
    async close() {
      work.stop()
      await Promise.all([long, ...threads.values()].map((thread) => thread?.end()))
    },
  }
  return new Proxy(own as Data, {
    get(_own, name: keyof Data) {
      if (name in own) return own[name as keyof typeof own]
      const method = name as Method
      const thread = THREADS[method] ?? 'pages'
      return (...args: readonly unknown[]) =>
        thread === 'alone' ? alone(method, args) : threadOf(thread).call(method, args)
    },
  })
}
