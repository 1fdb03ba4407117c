import { InputError } from '@pagetrail/engine'

/** What the comment lines at the top of a trace say. */
export interface TraceHeader {
  /** `nop` for events alone; null where nothing was said. */
  tracer: string | null
  /** Events in the buffer when it was read, and all that were ever written to it; null where it does not say. */
  entries: number | null
  written: number | null
  cpus: number | null
  /** What the capture script wrote, `# pagetrail: KEY VALUE`: values by key, in order. */
  readonly capture: Map<string, string[]>
}

export const emptyHeader = (): TraceHeader => ({
  tracer: null,
  entries: null,
  written: null,
  cpus: null,
  capture: new Map(),
})

/** Facts that a capture script may write; more is a text that is not its own. */
const MAX_FACTS = 2_000

/** Takes a `# pagetrail: KEY VALUE` line in, which may stand anywhere in a trace; false for all other lines. */
export function readCaptureLine({ capture }: TraceHeader, line: string): boolean {
  const [, key, value] = /^# pagetrail: ([a-z-]{1,40})(?: (.*))?$/.exec(line) ?? []
  if (key === undefined) return false
  const values = capture.get(key) ?? []
  if (values.length < MAX_FACTS) values.push(value?.trim() ?? '')
  capture.set(key, values)
  return true
}

/** Takes one `#` line in. Throws InputError for layouts that are not a list of events. */
export function readHeaderLine(header: TraceHeader, line: string): void {
  const tracer = /^# tracer: (\S{1,64})$/.exec(line)?.[1]
  if (tracer !== undefined) header.tracer = tracer
  if (tracer === 'function_graph')
    throw new InputError(
      'the function_graph tracer prints no list of events; write nop to current_tracer and trace again',
    )
  if (line.startsWith('# latency:') || /latency trace v/.test(line))
    throw new InputError(
      'this is the latency format; write 0 to options/latency-format and read the trace again',
    )
  const counts = /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})/.exec(line)
  if (counts) {
    header.entries = Number(counts[1])
    header.written = Number(counts[2])
  }
  const cpus = /#P:(\d{1,6})/.exec(line)?.[1]
  if (cpus !== undefined) header.cpus = Number(cpus)
}
