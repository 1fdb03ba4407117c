import { decodeUtf8 } from './utf8.ts'

const MAX_SHOWN = 80

/** A piece of input for a message: quoted, shortened, with nothing in it that a terminal would act upon. */
export function excerpt(bytes: Uint8Array, start: number, end: number): string {
  if (start >= end) return 'the end of the line'
  const shown = decodeUtf8(bytes, start, Math.min(end, start + MAX_SHOWN))
  const plain = shown.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `'${plain}${end - start > MAX_SHOWN ? '…' : ''}'`
}
