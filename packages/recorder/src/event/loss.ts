import type { Json, TraceEvent } from './kinds.ts'

/** A piece of what ftrace, trace-cmd or perf prints of an event: its columns, a field, one word of them. */
const PIECE = /^\s{2,}\S|^\S+$|\[\d+\]|\d\.\d{6}|-\d+\s*$|\w=\S|0x[0-9a-f]|\w: \(|<- /

/** Whether a line that could not be read may be of an event, and is not a shell's prompt or somebody's words. */
export const mayBeEvent = (text: Json): boolean => typeof text === 'string' && PIECE.test(text)

/** Whether events may be missing where this one stands: a gap, or an event's line that could not be read. */
export const isLoss = (e: TraceEvent): boolean =>
  e.kind === 'gap' || (e.kind === 'unreadable' && mayBeEvent(e.text))
