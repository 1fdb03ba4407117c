/** From so many bytes on a buffer grows where it is: below, one of a fixed size costs less to make and to read. */
const IN_PLACE = 1 << 16
/** Addresses that such a buffer may grow into; what was never written to takes no memory. */
const RESERVED = 2 ** 30

/**
 * The same bytes with as many zeros after them; the array given is to be used no more. A long one is not copied: its
 * memory would be needed twice, and be half empty afterwards.
 */
export function doubled({ buffer }: { readonly buffer: ArrayBuffer }): ArrayBuffer {
  const bytes = buffer.byteLength * 2
  if (bytes < IN_PLACE) return buffer.transfer(bytes)
  if (buffer.resizable && bytes <= buffer.maxByteLength) {
    buffer.resize(bytes)
    return buffer
  }
  const longer = new ArrayBuffer(bytes, { maxByteLength: Math.max(RESERVED, bytes * 2) })
  new Uint8Array(longer).set(new Uint8Array(buffer))
  return longer
}

/** The first so many bytes, for what begins anew; the memory of the rest is free at once. */
export function cutTo(bytes: number, { buffer }: { readonly buffer: ArrayBuffer }): ArrayBuffer {
  if (!buffer.resizable) return buffer.byteLength > IN_PLACE ? new ArrayBuffer(bytes) : buffer
  buffer.resize(bytes)
  return buffer
}
