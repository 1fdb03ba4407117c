/** Lines of a trace beside its events. */

/** `CPU:1 [LOST 12 EVENTS]`; trace-cmd says EVENTS DROPPED. */
const LOST = /^CPU:(\d{1,5}) \[(?:LOST (?:(\d{1,15}) )?EVENTS|(?:(\d{1,15}) )?EVENTS DROPPED)\]$/
/** What `trace-cmd report --debug` prints above the events of a page; behind each it then says where that was. */
const DEBUG = /^CPU:\d{1,5} \[SUBBUFFER START\]/
/** perf's, asked for by --show-lost-events: after the columns of an event. */
const PERF_LOST = /\[(\d{1,5})\].*: PERF_RECORD_LOST(?:_SAMPLES)? lost (\d{1,15})$/
/** Asked for by --show-task-events and its like. */
const PERF_RECORD = /: PERF_RECORD_[A-Z_0-9]+\b/
/** What trace-cmd report prints around the events. */
const AROUND =
  /^(?:cpus=\d+|version = \d+|CPU \d+ is empty|registering plugin: .*|(?:overriding|removing override) .*| TIME EXTEND: .*|trace-cmd: .*)$/
/** Stacks below an event, which have no time: ftrace's and trace-cmd's, perf's. */
const FRAME = /^(?: ?=> .*|(?!.*\d\.\d{6,9}:)(?:\s+[0-9a-f]{1,16} .*\(.*\)|\t *[0-9a-f]{4,16} .*))$/
/** No part of a marker's text: half an event's line, a shell's prompt. */
const NO_TEXT =
  /\[\d+\].*\s\d+\.\d{6,9}:|^(?:[\w.-]+@[\w.-]+[: ]?\S*|[~/]\S*|\w*sh-[\d.]+|) ?[$#](?:\s|$)/

/** Events of a CPU that are known to be lost; `count` null: how many is not. */
interface Lost {
  readonly cpu: number
  readonly count: number | null
}

const lost = (cpu: string | undefined, count: string | undefined): Lost => ({
  cpu: Number(cpu),
  count: count === undefined ? null : Number(count),
})

export function lostIn(text: string): Lost | null {
  const found = LOST.exec(text)
  return found && lost(found[1], found[2] ?? found[3])
}

export function lostRecordIn(text: string): Lost | null {
  const found = PERF_LOST.exec(text)
  return found && lost(found[1], found[2])
}

export const isPerfRecord = (text: string): boolean => PERF_RECORD.test(text)

export const isDebugHead = (text: string): boolean => DEBUG.test(text)

/** What stands around events and says nothing of them. */
export const isPassedOver = (text: string): boolean => AROUND.test(text) || FRAME.test(text)

/** Whether a line cannot go on with the text of a marker. */
export const isNoText = (text: string): boolean => NO_TEXT.test(text)
