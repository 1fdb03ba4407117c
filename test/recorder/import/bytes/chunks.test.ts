import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import {
  abortable,
  type Chunks,
  gunzipped,
} from '../../../../packages/recorder/src/import/bytes/chunks.ts'

const MB = 1 << 20

async function* chunksOf(...chunks: readonly Uint8Array[]): Chunks {
  yield* chunks
}

async function* failing(): Chunks {
  yield new Uint8Array(1)
  throw new Error('the disk is gone')
}

async function* endless(): Chunks {
  yield new Uint8Array(1)
  await new Promise(() => {})
}

/** Collects all that nobody holds. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  // What a promise of this turn holds is only garbage in the next.
  await new Promise(setImmediate)
  gc()
}

describe('unpacked chunks', () => {
  test('are what was packed, in one member and in several, and no Buffers', async () => {
    const text = Uint8Array.from({ length: 5 * MB + 77 }, (_, i) => (i * 7919) >> 5)
    for (const packed of [
      [gzipSync(text)],
      [gzipSync(text.subarray(0, MB)), gzipSync(text.subarray(MB))],
      [Buffer.concat([gzipSync(text.subarray(0, 99)), gzipSync(text.subarray(99))])],
    ]) {
      const parts: Uint8Array[] = []
      for await (const chunk of gunzipped('a.gz', chunksOf(...packed))) parts.push(chunk.slice())
      expect(Buffer.concat(parts).equals(text)).toBe(true)
      expect(parts.every((part) => part.constructor === Uint8Array)).toBe(true)
    }
  })

  test('give their memory back when the next is asked for', async () => {
    const seen: ArrayBufferLike[] = []
    for await (const chunk of gunzipped('a.gz', chunksOf(gzipSync(new Uint8Array(6 * MB))))) {
      expect(chunk.length).toBeGreaterThan(0)
      expect(seen.every((buffer) => buffer.byteLength === 0)).toBe(true)
      seen.push(chunk.buffer)
    }
    expect(seen).toHaveLength(6)
  })
})

describe('chunks until a signal', () => {
  test('are not kept while it has not come', async () => {
    const held: WeakRef<Uint8Array>[] = []
    async function* many(): Chunks {
      for (let i = 0; i < 40; i++) {
        const chunk = new Uint8Array(1000)
        held.push(new WeakRef(chunk))
        yield chunk
      }
    }
    const { signal } = new AbortController()
    for await (const chunk of abortable(many(), signal)) {
      expect(chunk.length).toBe(1000)
      if (held.length < 40) continue
      await collect()
      // The one at hand, and what the last turns of the loop still hold.
      expect(held.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5)
    }
    expect(held).toHaveLength(40)
  })

  test('end with it, before the next and while that is waited for', async () => {
    for (const atOnce of [true, false]) {
      const control = new AbortController()
      let read = 0
      for await (const _ of abortable(endless(), control.signal)) {
        read++
        if (atOnce) control.abort()
        else setImmediate(() => control.abort())
      }
      expect(read).toBe(1)
    }
  })

  test('fail as their source does', async () => {
    const iterator = abortable(failing(), new AbortController().signal)[Symbol.asyncIterator]()
    await iterator.next()
    await expect(iterator.next()).rejects.toThrow('the disk is gone')
  })
})
