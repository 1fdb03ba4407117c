import { InputError } from '@pagetrail/engine'
import type { DatCursor } from './dat-cursor.ts'

/** More CPUs than Linux supports on arm64. */
export const MAX_TRACE_CPUS = 4096
const MAX_FORMATS = 100_000

/** Descriptions of ftrace's own events. */
export function readFtraceFormats(cursor: DatCursor): string[] {
  return Array.from({ length: counted(cursor) }, () => cursor.text(cursor.u64()))
}

/** Descriptions of the events of each system. */
export function readFormats(cursor: DatCursor): string[] {
  const systems = counted(cursor)
  const formats: string[] = []
  for (let i = 0; i < systems; i++) {
    cursor.string()
    for (let n = counted(cursor); n > 0; n--) formats.push(cursor.text(cursor.u64()))
  }
  return formats
}

function counted(cursor: DatCursor): number {
  const count = cursor.u32()
  if (count > MAX_FORMATS)
    throw new InputError(`expected a number of events at byte ${cursor.at - 4}, found ${count}`)
  return count
}
