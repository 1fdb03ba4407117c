import { InputError } from '@pagetrail/engine'
import { contextOf } from '../translate/context-flags.ts'
import type { FtraceEvents } from '../translate/ftrace-events.ts'
import { MAX_EVENT_NAMES } from '../translate/ftrace-events.ts'
import { type InputFacts, noSuchBuffer } from '../bytes/input.ts'
import { TaskNames } from '../text/task-names.ts'
import type { Task } from '../translate/task-stack.ts'
import type { ByteSource } from './byte-source.ts'
import { CpuStream, firstTime } from './cpu-stream.ts'
import { readDatFile } from './dat-file.ts'
import type { DatBuffer, DatFile } from './dat-layout.ts'
import { parseFormat, parsePageLayout } from './event-format.ts'
import { type PrintkFormats, printkFormats } from './printk.ts'
import { recordEvent, type RecordEvent, RecordFields } from './record-fields.ts'
import { Symbols } from './symbols.ts'

/** Events between two chances to stop. */
const STEP = 16_384

/** A trace.dat: the records of all CPUs in the order of their times. */
export class DatInput {
  entries = 0
  readonly lines = 0
  readonly #events: FtraceEvents
  readonly #file: DatFile
  readonly #fields: RecordFields
  readonly #tasks: TaskNames
  readonly #comms = new Map<number, string>()
  readonly #byPid = new Map<number, Task>()
  readonly #byId: (RecordEvent | undefined)[] = []
  readonly #base: bigint
  readonly #streams: CpuStream[]
  #first = -1
  #symbols: Symbols | undefined
  #formats: PrintkFormats | undefined
  /** Buffers that hold events and are not read. */
  readonly #others: readonly string[]

  /** `buffer`: the one to read, empty for the top one; null: the first that holds events. */
  constructor(events: FtraceEvents, source: ByteSource, buffer: string | null) {
    this.#events = events
    const file = readDatFile(source)
    this.#file = file
    const filled = file.buffers.filter(({ cpus }) => cpus.some(({ size }) => size > 0))
    const chosen = chosenBuffer(file, filled, buffer)
    this.#others = filled.filter((other) => other !== chosen).map(({ name }) => name)
    this.#tasks = new TaskNames((text) => events.rows.sink.intern(text))
    this.#fields = new RecordFields(
      file.little,
      (address, offset) => {
        this.#symbols ??= new Symbols(file.kallsyms())
        return this.#symbols.nameOf(address, offset)
      },
      () => (this.#formats ??= printkFormats(file.printk())),
    )
    if (file.formats.length > MAX_EVENT_NAMES)
      throw new InputError(`more than ${MAX_EVENT_NAMES} different events: this is not a trace`)
    for (const format of file.formats.map(parseFormat))
      this.#byId[format.id] = recordEvent(format, events.probe(format.name))
    for (const line of file.cmdlines.split('\n')) {
      const [, pid, comm] = /^(\d+) (.*)$/.exec(line) ?? []
      if (pid !== undefined && comm !== undefined) this.#comms.set(Number(pid), comm)
    }
    const layout = parsePageLayout(file.headerPage)
    const times = chosen.cpus.flatMap((data) => firstTime(file, chosen, data) ?? [])
    this.#base = times.reduce((least, time) => (time < least ? time : least), times[0] ?? 0n)
    const streams = (): CpuStream[] =>
      chosen.cpus.map((data) => new CpuStream(file, chosen, data, layout, this.#base))
    this.#learnNames(streams)
    this.#streams = streams()
  }

  /** Names that no saved command line has, from the switches between tasks: those come after events of the task. */
  #learnNames(streams: () => readonly CpuStream[]): void {
    const id = this.#byId.findIndex((event) => event?.format.name === 'sched_switch')
    if (id < 0) return
    const event = this.#byId[id]!
    const { little } = this.#file
    for (const stream of streams()) {
      while (stream.next(() => {})) {
        const { view, start, end } = stream.page
        if (end - start < 8 || view.getUint16(start, little) !== id) continue
        this.#fields.read(event, view, start, end)
        for (const side of ['prev', 'next']) {
          const pid = this.#fields.number(`${side}_pid`)
          const comm = this.#fields.text(`${side}_comm`)
          if (pid === undefined || comm === undefined || comm === '' || pid === 0n) continue
          if (!this.#comms.has(Number(pid))) this.#comms.set(Number(pid), comm)
        }
      }
    }
  }

  /** Bytes of the file that hold what was read so far. */
  get bytes(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.read, 0)
  }

  /** Puts the events; yields from time to time. */
  *run(): Generator<void> {
    const onLost = (stream: CpuStream): void => this.#reportLost(stream)
    const live = this.#streams.filter((stream) => stream.next(onLost))
    let sinceStep = 0
    while (live.length > 0) {
      const [stream, until] = earliest(live)
      do {
        this.#put(stream)
        if (++sinceStep === STEP) {
          sinceStep = 0
          yield
        }
      } while (stream.next(onLost) && stream.page.time < until)
      if (stream.done) live.splice(live.indexOf(stream), 1)
    }
  }

  facts(): InputFacts {
    const { version, kernel, buffers, unpack } = this.#file
    const clocks = [...new Set(buffers.map(({ clock }) => clock))].filter((clock) => clock !== null)
    const cpus = new Set(this.#streams.map(({ cpu }) => cpu)).size
    return {
      format: `trace.dat v${version}`,
      lines: 0,
      entries: this.entries,
      backwards: 0,
      t0: this.#first < 0 ? null : this.#base + BigInt(this.#first),
      ...(kernel === null ? {} : { kernel }),
      otherBuffers: this.#others,
      facts: { clock: clocks.join(', ') || null, cpus, packed: unpack !== null },
    }
  }

  #put(stream: CpuStream): void {
    const { page } = stream
    const { view, start, end } = page
    if (end - start < 8) throw new InputError('a record is shorter than what all events have')
    const { little } = this.#file
    const event = this.#byId[view.getUint16(start, little)]
    if (!event)
      throw new InputError(`an event of type ${view.getUint16(start, little)}, which has no format`)
    if (this.#first < 0) this.#first = page.time
    const flags = view.getUint8(start + 2)
    const task = this.#task(view.getInt32(start + 4, little))
    this.#fields.read(event, view, start, end)
    const ts = page.time - this.#first
    this.#events.event(event.probe, this.#fields, task, stream.cpu, ts, contextOf(flags))
    this.entries++
  }

  #reportLost({ page, cpu }: CpuStream): void {
    if (page.lost !== 0) this.#events.lost(cpu, page.lost, 'buffer overrun')
  }

  #task(pid: number): Task {
    let task = this.#byPid.get(pid)
    if (!task) {
      const comm = pid === 0 ? '<idle>' : (this.#comms.get(pid) ?? '<...>')
      task = this.#tasks.task(comm, pid)
      this.#byPid.set(pid, task)
    }
    return task
  }
}

function chosenBuffer(file: DatFile, filled: readonly DatBuffer[], name: string | null): DatBuffer {
  const chosen =
    name === null
      ? (filled[0] ?? file.buffers[0])
      : file.buffers.find((buffer) => buffer.name === name)
  if (chosen) return chosen
  throw noSuchBuffer(
    name,
    file.buffers.map((buffer) => buffer.name),
  )
}

/** The stream whose record is next, and the time up to which it stays so. */
function earliest(streams: readonly CpuStream[]): [stream: CpuStream, until: number] {
  let best = streams[0]!
  let until = Infinity
  for (const stream of streams.slice(1)) {
    if (stream.page.time < best.page.time) {
      until = Math.min(until, best.page.time)
      best = stream
    } else until = Math.min(until, stream.page.time)
  }
  return [best, until]
}
