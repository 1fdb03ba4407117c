/** The columns before an event's name, where they are not in their usual places; offsets count in the line's bytes. */
export interface OddColumns {
  readonly taskStart: number
  readonly taskEnd: number
  /** Null where the line has no such column. */
  readonly cpu: number | null
  /** `d..1.`; empty where the line has no such column. */
  readonly flags: string
  /** Where the time begins. */
  readonly time: number
}

/**
 * The forms, each with the groups task, cpu, flags and time:
 *
 *     `  insmod-177     0d..1.     8.092229: name: …`   trace-cmd report -l
 *     `  insmod   177     8.092229: name: …`           perf script -F comm,tid,time,event,trace
 */
const FORMS: readonly RegExp[] = [
  /^\s*(?<task>\S.*?-\d+)\s+(?<cpu>\d{1,5})(?<flags>[a-zA-Z.][\w.]{3,7})\s+(?<time>\d+(?:\.\d+)?:)/d,
  /^\s*(?<task>\S.*?[ -]\d+(?:\/\d+)?)\s+(?<time>\d+\.\d+:)\s/d,
]

/** One character a byte, so that offsets into the text are offsets into the bytes. */
const decoder = new TextDecoder('latin1')

/** Null where the line is of none of the forms. */
export function oddColumns(bytes: Uint8Array, start: number, end: number): OddColumns | null {
  const text = decoder.decode(bytes.subarray(start, end))
  for (const form of FORMS) {
    const found = form.exec(text)
    if (!found) continue
    const { task, time } = found.indices!.groups!
    const { cpu, flags } = found.groups!
    return {
      taskStart: start + task![0],
      taskEnd: start + task![1],
      cpu: cpu === undefined ? null : Number(cpu),
      flags: flags ?? '',
      time: start + time![0],
    }
  }
  return null
}
