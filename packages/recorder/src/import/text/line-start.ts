const SPACE = 0x20
const TAB = 0x09
/** Past spaces and tabs. */
export function afterBlanks(bytes: Uint8Array, start: number, end: number): number {
  let p = start
  while (p < end && (bytes[p] === SPACE || bytes[p] === TAB)) p++
  return p
}

const COLON = 0x3a
const MAX_BUFFER_NAME = 64

/** Past `name: `, which trace-cmd report puts before the lines of an instance or a guest; `start` where it is not. */
export function afterBuffer(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === SPACE) return start
  const limit = Math.min(end - 1, start + MAX_BUFFER_NAME)
  for (let p = start; p < limit; p++) {
    if (bytes[p] === SPACE) return start
    if (bytes[p] === COLON && bytes[p + 1] === SPACE) return p > start ? p + 1 : start
  }
  return start
}

/** Past the mark of UTF-8 with which some editors begin a file. */
export const afterMark = (bytes: Uint8Array, start: number): number =>
  bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
    ? start + 3
    : start
