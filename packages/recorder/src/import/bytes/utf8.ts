const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Bytes [start, end) as text. One decoder serves all: each has memory of its own outside the heap. */
export const decodeUtf8 = (bytes: Uint8Array, start = 0, end = bytes.length): string =>
  decoder.decode(bytes.subarray(start, end))

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text)

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
