import { InputError, parseEntries, printEntries } from '@pagetrail/engine'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { isJsonObject, type JsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import type { BuiltTree } from './build.ts'
import type { Toolchain } from './tools.ts'

/** What the harness says of a case besides its events. */
export interface CaseAnswer {
  /** By call: what it returned; null: it did not return or was not reached. */
  readonly results: readonly (number | null | 'unsupported')[]
  /** Why the case shows less than it should; null: it shows all. */
  readonly incomplete: string | null
  /** Steps as they were taken, and CPUs that still wait; null with one CPU. */
  readonly schedule: string | null
  readonly deadlocked: readonly number[]
  /** Entries of the schedule that was given whose CPU could not run. */
  readonly passedOver: number
  /** Where it was asked for: the tables at the end, in the corpus's form. */
  readonly final: readonly Json[] | null
  /** What a search of schedules came to; null of a run. */
  readonly search: JsonObject | null
}

/** Hears a case as it runs. */
export interface CaseListener {
  /** The first: addresses as the tree's own headers have them. */
  constants(constants: JsonObject): void
  /** An event, or the end line. */
  line(text: string): void
}

/**
 * Nothing for so long, and the tree's code is thought to be in an endless loop. A search of schedules says nothing
 * until its end, a second of CPU: with twenty others at work on two cores that was more than 20 s.
 */
const SILENCE_MS = 60_000

/** A program of {@link buildTree} that is running: cases go in, one after the other, and events come out. */
export class HarnessProcess {
  readonly #child: ChildProcessWithoutNullStreams
  #stderr = ''
  #running: Running | null = null

  constructor({ program }: BuiltTree, { emulator }: Toolchain) {
    this.#child = emulator === null ? spawn(program) : spawn(emulator, [program])
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    createInterface({ input: this.#child.stdout, crlfDelay: Infinity }).on('line', (line) =>
      this.#running?.take(line),
    )
    this.#child.on('close', (status, signal) => {
      const why = this.#stderr.trim() || `ended with ${signal ?? status}`
      this.#running?.fail(new InputError(`the harness stopped: ${why}`))
    })
    // A case that ends the program is seen by its `close`.
    this.#child.stdin.on('error', () => {})
  }

  /**
   * Runs a case of {@link caseText}; one at a time. `command`: what its last line is, `run` or a search.
   * @throws InputError where the program ends or hangs
   */
  async run(text: string, listener: CaseListener, command = 'run'): Promise<CaseAnswer> {
    const running = new Running(listener, () => this.#child.kill('SIGKILL'))
    this.#running = running
    this.#child.stdin.write(`${text}${command}\n`)
    try {
      return await running.answer
    } finally {
      this.#running = null
    }
  }

  close(): void {
    this.#child.stdin.end()
    this.#child.kill()
  }
}

class Running {
  readonly answer: Promise<CaseAnswer>
  readonly #listener: CaseListener
  readonly #kill: () => void
  #resolve: (answer: CaseAnswer) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #watchdog: NodeJS.Timeout
  #results: JsonObject = {}
  #final: readonly Json[] | null = null
  #search: Json = null

  constructor(listener: CaseListener, kill: () => void) {
    this.#listener = listener
    this.#kill = kill
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#watchdog = this.#watched()
  }

  #watched(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#kill()
      this.fail(
        new InputError(`the tree's code did nothing for ${SILENCE_MS / 1000} s: an endless loop?`),
      )
    }, SILENCE_MS)
  }

  take(line: string): void {
    this.#watchdog.refresh()
    try {
      this.#take(line)
    } catch (error) {
      this.#kill()
      this.fail(error)
    }
  }

  #take(line: string): void {
    if (line.startsWith('{"seq"')) this.#listener.line(line)
    else if (line.startsWith('{"constants"')) this.#listener.constants(objectOf(line))
    else if (line.startsWith('{"results"')) this.#results = objectOf(line)
    else if (line.startsWith('{"search"')) this.#search = objectOf(line)['search'] ?? null
    else if (line.startsWith('{"runs"')) return
    else if (line.startsWith('{"final"')) this.#final = listOf(objectOf(line)['final'])
    else {
      this.#listener.line(line)
      if (!line.startsWith('{"end"')) return
      clearTimeout(this.#watchdog)
      const search = isJsonObject(this.#search) ? this.#search : null
      this.#resolve({ ...answerOf(this.#results), final: this.#final, search })
    }
  }

  fail(error: unknown): void {
    clearTimeout(this.#watchdog)
    this.#reject(error)
  }
}

/** `0*3.1` for `0.0.0.1`, as the engine prints it. */
export const compact = (schedule: string): string => printEntries(parseEntries(schedule))

function answerOf(json: JsonObject): Omit<CaseAnswer, 'final' | 'search'> {
  const { incomplete, schedule } = json
  return {
    results: listOf(json['results']).map((ret) =>
      typeof ret === 'number' || ret === 'unsupported' ? ret : null,
    ),
    incomplete: typeof incomplete === 'string' ? incomplete : null,
    schedule: typeof schedule === 'string' ? compact(schedule) : null,
    passedOver: Number(json['passed_over'] ?? 0),
    deadlocked: listOf(json['deadlocked']).map(Number),
  }
}

const listOf = (json: Json | undefined): readonly Json[] =>
  Array.isArray(json) ? (json as readonly Json[]) : []

function objectOf(line: string): JsonObject {
  const json = JSON.parse(line) as Json
  if (isJsonObject(json)) return json
  throw new TypeError(`the harness wrote ${line.slice(0, 80)}`)
}
