const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Bytes [start, end) as text. One decoder serves all: each has memory of its own outside the heap. */
export const decodeUtf8 = (bytes: Uint8Array, start = 0, end = bytes.length): string =>
  decoder.decode(bytes.subarray(start, end))

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text)
