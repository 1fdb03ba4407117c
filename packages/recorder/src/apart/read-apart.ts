import { InputError } from '@pagetrail/engine'
import { receiveMessageOnPort, MessageChannel, type MessagePort, Worker } from 'node:worker_threads'

import type { ReadSides } from '../diff/align/side.ts'
import type { SideRequest } from '../diff/align/side-digest.ts'
import type { EventSource, LogPlace, RunPlace } from '../event/run.ts'
import { threadProgram } from '../thread/thread-program.ts'
import type { FromThread, SideRead, ThreadStart } from './side-protocol.ts'
import { isRemembered, rememberSide, sideHere } from './remembered.ts'

/** A shorter run is read sooner than a thread has loaded what reads it. */
const WORTH_EVENTS = 200_000
/** How long the thread may be silent before it counts as dead, ms: proving a large run first takes its time. */
const SILENCE_MS = 600_000

/**
 * Reads the left side of a diff in a thread, on another core, and remembers in the file what was read of either: the
 * result is the same.
 */
export const readApart: ReadSides = (a, b, request) => {
  const thread = isWorthThread(a, request) ? new ThreadSide(a.place, request) : null
  try {
    const right = sideHere(b, request)
    const left = thread?.read() ?? sideHere(a, request)
    if (left.proven) a.proof?.add(left.proven)
    // Both at the end: what another reads of the file meanwhile would count as changed.
    rememberSide(a, request, left)
    rememberSide(b, request, right)
    return { left: left.digest, right: right.digest }
  } finally {
    thread?.end()
  }
}

/** What lies in memory no other thread reads; what needs no reading is had sooner than a thread. */
const isWorthThread = (
  source: EventSource,
  request: SideRequest,
): source is EventSource & { readonly place: RunPlace | LogPlace } =>
  source.place !== undefined &&
  source.run.events >= WORTH_EVENTS &&
  !(source.proof?.isDone() === true && isRemembered(source, request))

/** A side that a thread reads. Waiting for it blocks this one, which has nothing else to do then. */
export class ThreadSide {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #sent = new Int32Array(new SharedArrayBuffer(4))

  constructor(place: RunPlace | LogPlace, request: SideRequest) {
    const { port1, port2 } = new MessageChannel()
    const start: ThreadStart = { place, request, sent: this.#sent, port: port2 }
    this.#worker = new Worker(threadProgram('side-thread'), {
      workerData: start,
      transferList: [port2],
    })
    this.#worker.unref()
    this.#port = port1
  }

  read(): SideRead {
    if (Atomics.wait(this.#sent, 0, 0, SILENCE_MS) === 'timed-out')
      throw new Error('the thread that reads the left run has not answered for ten minutes')
    const received: { message: FromThread } | undefined = receiveMessageOnPort(this.#port)
    if (received === undefined) throw new Error('the thread that reads the left run sent nothing')
    const { message } = received
    if (message.type === 'side') return message.side
    if (message.isInput) throw new InputError(message.message)
    throw Object.assign(new Error(message.message), { stack: message.stack })
  }

  /** Ends the thread, whatever it is doing. */
  end(): void {
    this.#port.close()
    void this.#worker.terminate()
  }
}
