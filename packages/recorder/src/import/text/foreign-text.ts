import { InputError } from '@pagetrail/engine'

/** A kind of text that is often mistaken for a list of events, and what to do instead. */
interface Foreign {
  /** What a line of it looks like. */
  readonly line: RegExp
  readonly what: string
  readonly remedy: string
}

const TRACE_AGAIN = 'write nop to current_tracer, enable events, and trace again'

const FOREIGN: readonly Foreign[] = [
  {
    line: /^\s*\S.*-\d+\s+\[\d+\].*\d+\.\d+: \S+(?: \[\w+\])? <-\S+$/,
    what: 'the function tracer, which prints calls and no events',
    remedy: TRACE_AGAIN,
  },
  {
    line: /^\s*\d+\)(?:\s+[+!#*@$]?\s*[\d.]+ us)?\s+\|/,
    what: 'the function_graph tracer, which prints calls and no events',
    remedy: TRACE_AGAIN,
  },
  {
    line: /^(?:# )?\s*(?:latency: \d|preemption latency trace|\w+ latency trace v)/,
    what: 'the latency format',
    remedy: 'write 0 to options/latency-format and read the trace again',
  },
  {
    line: /^\d+ \d+ \d+ [0-9a-f]+ /,
    what: 'the raw format',
    remedy: 'write 0 to options/raw and read the trace again',
  },
  {
    line: /^(?:[0-9a-f]{8} ){4}/,
    what: 'the hexadecimal format',
    remedy: 'write 0 to options/hex and read the trace again',
  },
  {
    line: /^(?:---\[ .* \]---|0x[0-9a-f]{8,16}-0x[0-9a-f]{8,16}\s)/,
    what: 'a dump of page tables (ptdump)',
    remedy: 'Pagetrail reads events: capture with pagetrail capture-script',
  },
  {
    line: /^\s*\S.*\s\d+(?:\/\d+)?\s+\[\d+\]\s+\w+:\w+: /,
    what: 'perf script without times',
    remedy: 'print them with -F +time',
  },
  {
    line: /^\s*\S+\s+\[\d+\]\s+\d+\.\d+:\s+(?:\d+\s+)?\w+:\w+: /,
    what: 'perf script without tasks, which distinguish one call from another',
    remedy: 'print them with -F +tid',
  },
  {
    line: /=3D0x[0-9a-f]/,
    what: 'a mail in quoted-printable',
    remedy: 'save the mail decoded, or its attachment, and import that',
  },
  {
    line: /^TRACE:/,
    what: 'a packed capture of atrace',
    remedy: 'capture with atrace without -z, or unpack it with systrace.py --from-file',
  },
]

/** What a line shows its file to be, with the remedy; null for a line of no such kind. */
export function foreignText(line: string): string | null {
  const found = FOREIGN.find(({ line: pattern }) => pattern.test(line))
  return found ? `this is ${found.what}; ${found.remedy}` : null
}

/** A text of which so many lines could not be read, and hardly any could. */
export const notATrace = (lines: number): InputError =>
  new InputError(
    `hardly a line of it could be read (${lines} could not): this is not a trace of ftrace, trace-cmd report or perf script`,
  )
