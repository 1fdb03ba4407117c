import { InputError } from '@pagetrail/engine'
import { createRequire } from 'node:module'
import { receiveMessageOnPort, MessageChannel, type MessagePort, Worker } from 'node:worker_threads'

import { type EndPacket, unpackCalls, unpackEnd } from '../diff/align/call-packet.ts'
import { type CallData, type Counted, type Outside, WHOLE_RUN } from '../diff/align/call-stream.ts'
import type { CallTraits } from '../diff/align/call-traits.ts'
import type { Texts } from '../diff/align/field-readers.ts'
import type { ReadApart, SideApart, SideRequest } from '../diff/align/side.ts'
import type { Kind } from '../event/kinds.ts'
import type { Call, RunPlace } from '../event/run.ts'
import { type FromThread, POSTED, TAKEN, type ThreadStart } from './protocol.ts'

/** A shorter run is read sooner than a thread has loaded what reads it. */
const WORTH_EVENTS = 200_000
/** How long the thread may be silent before it counts as dead, ms: proving a large run first takes its time. */
const SILENCE_MS = 600_000

/** Reads a side of a diff in a thread, on another core: the result is the same. */
export const readApart: ReadApart = ({ place, run }, request) =>
  place === undefined || run.events < WORTH_EVENTS ? null : new ThreadSide(place, request)

/** The calls that a thread reads. Waiting for it blocks this one, which has nothing else to do then. */
export class ThreadSide implements SideApart {
  lost = 0
  seen: ReadonlySet<Kind> = new Set()
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #counts = new Int32Array(new SharedArrayBuffer(8))
  #calls: readonly Call[] | null = null
  #traits: readonly CallTraits[] = []
  #byOp = new Map<number, Call>()
  #texts: Texts | null = null
  #packet: Iterator<CallData> | null = null
  #end: { readonly outside: Outside; readonly costs: Counted } | null = null

  constructor(place: RunPlace, request: SideRequest) {
    const { port1, port2 } = new MessageChannel()
    const start: ThreadStart = { place, request, counts: this.#counts, port: port2 }
    // By the name that the package around gives it: this module may have been bundled.
    const program = createRequire(import.meta.url).resolve('#side-thread')
    this.#worker = new Worker(program, { workerData: start, transferList: [port2] })
    this.#worker.unref()
    this.#port = port1
  }

  get calls(): readonly Call[] {
    this.#begin()
    return this.#calls ?? []
  }

  get traits(): readonly CallTraits[] {
    this.#begin()
    return this.#traits
  }

  get outside(): Counted {
    return this.#ended().costs
  }

  outsideOf(): Outside {
    return this.#ended().outside
  }

  order(calls: readonly Call[], texts: Texts): void {
    this.#texts = texts
    this.#byOp = new Map(calls.map((call) => [call.op, call]))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's, not a window's
    this.#port.postMessage(Float64Array.from(calls, ({ op }) => op))
  }

  /** Calls come in the order that was given. */
  take(call: Call): CallData {
    for (;;) {
      const next = this.#packet?.next()
      if (next && !next.done) {
        if (next.value.call.op === call.op) return next.value
        throw new Error(`call ${next.value.call.op} came in the place of ${call.op}`)
      }
      const message = this.#receive()
      if (message.type !== 'packet')
        throw new Error(`${message.type} came in the place of ${call.op}`)
      Atomics.add(this.#counts, TAKEN, 1)
      Atomics.notify(this.#counts, TAKEN)
      this.#packet = unpackCalls(message.packet, (op) => this.#byOp.get(op)!, this.#textsOf())
    }
  }

  /** Its memory is the packet's. */
  release(): void {}

  finish(): void {
    const message = this.#receive()
    if (message.type !== 'end') throw new Error(`${message.type} came in the place of the end`)
    const { end }: { end: EndPacket } = message
    this.lost = end.lost
    this.seen = end.seen
    this.#end = unpackEnd(end, this.#textsOf())
  }

  end(): void {
    this.#port.close()
    void this.#worker.terminate()
  }

  #begin(): void {
    if (this.#calls) return
    const message = this.#receive()
    if (message.type !== 'calls') throw new Error(`${message.type} came in the place of the calls`)
    // What was copied on its way is not the one that stands for a whole run.
    this.#calls = message.calls.map((call) => (call.op === WHOLE_RUN.op ? WHOLE_RUN : call))
    this.#traits = message.traits
  }

  #textsOf(): Texts {
    if (this.#texts) return this.#texts
    throw new Error('calls are taken before they were ordered')
  }

  #ended(): { readonly outside: Outside; readonly costs: Counted } {
    if (this.#end) return this.#end
    throw new Error('what was outside of calls is known once all has been read')
  }

  #receive(): FromThread {
    for (;;) {
      const posted = Atomics.load(this.#counts, POSTED)
      const received: { message: FromThread } | undefined = receiveMessageOnPort(this.#port)
      if (received === undefined) {
        if (Atomics.wait(this.#counts, POSTED, posted, SILENCE_MS) !== 'timed-out') continue
        this.end()
        throw new Error('the thread that reads the left run has not answered for ten minutes')
      }
      const { message } = received
      if (message.type !== 'failed') return message
      if (message.isInput) throw new InputError(message.message)
      throw Object.assign(new Error(message.message), { stack: message.stack })
    }
  }
}
