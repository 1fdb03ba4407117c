import { expect, test } from 'vitest'
import { ClosedPipe } from '../../../packages/tui/src/command/closed-pipe.ts'
import type { Sink } from '../../../packages/tui/src/command/io.ts'
import { Output } from '../../../packages/tui/src/command/output.ts'

function sink(write: Sink['write']): Output {
  return new Output({ isTTY: false, columns: 80, rows: Infinity, write })
}

test('writes in large pieces, the rest when flushed', async () => {
  const pieces: number[] = []
  const output = sink((text) => {
    pieces.push(text.length)
    return Promise.resolve()
  })
  for (let i = 0; i < 2000; i++) {
    output.line('x'.repeat(99))
    await output.room()
  }
  await output.flush()
  expect(pieces).toEqual([65_600, 65_600, 65_600, 3200])
})

test('a reader that went away is noticed at the next piece', async () => {
  const output = sink(() => Promise.reject(new ClosedPipe()))
  output.text('x'.repeat(70_000))
  await expect(output.room()).rejects.toThrow(ClosedPipe)
})
