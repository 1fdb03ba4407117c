/** The columns before an event's name, where they are not in their usual places; offsets count in the line's bytes. */
export interface OddColumns {
  readonly taskStart: number
  readonly taskEnd: number
  /** Null where the line has no such column. */
  readonly cpu: number | null
  /** `d..1.`, or the number that stands for it; empty where the line has no such column. */
  readonly flags: string
  /** The name of the task may be cut: this form has eight columns for it. */
  readonly isCut: boolean
  /** Where the time begins. */
  readonly time: number
}

/**
 * The forms, each with the groups task, cpu, flags and time:
 *
 *     `  insmod-177     0d..1.     8.092229: name: …`   trace-cmd report -l
 *     `  insmod-177     0-0x1     8.092229: name:  …`   trace-cmd report -l -R
 *     `  insmod   177     8.092229: name: …`           perf script -F comm,tid,time,event,trace
 */
const FORMS: readonly RegExp[] = [
  /^\s*(?<task>\S.*?-\d+)\s+(?<cpu>\d{1,5})(?<flags>[a-zA-Z.][\w.]{3,7}|-0x[0-9a-f]{1,2})\s+(?<time>\d+(?:\.\d+)?:)/d,
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
      flags: flags?.replace('-', '') ?? '',
      isCut: cpu !== undefined && /^.{8}-\d+$/.test(found.groups!['task']!),
      time: start + time![0],
    }
  }
  return null
}

/** ` [52240:0x98:28]`: where `trace-cmd report --debug` found the event in its file. */
const PLACE = / \[\d+:0x[0-9a-f]+:\d+\]$/

/** Where a line ends without that; its end where it has none. */
export function beforePlace(bytes: Uint8Array, start: number, end: number): number {
  const found = PLACE.exec(decoder.decode(bytes.subarray(start, end)))
  return found ? start + found.index : end
}
