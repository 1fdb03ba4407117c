import { expect, test } from 'vitest'
import { Progress } from '../../../packages/tui/src/command/progress.ts'
import { memoryIo } from '../../support/cli.ts'

/** A clock that is set by hand. */
function watched(tty: boolean) {
  let now = 0
  const { io, err } = memoryIo({ tty })
  const progress = new Progress({ ...io, now: () => now }, 'importing x.trace', 'events')
  return {
    at(ms: number, done: number, share?: number) {
      now = ms
      progress.update(done, share)
    },
    end: () => progress.end(),
    shown: () => err().split('\r\x1b[K').slice(1),
  }
}

test('tells done, rate, share and what is left, ten times a second at most', () => {
  const line = watched(true)
  line.at(500, 1000, 0.25)
  line.at(550, 1100, 0.26)
  line.at(1000, 3000)
  line.end()
  expect(line.shown()).toEqual([
    'importing x.trace: 1,000 events, 2,000/s, 25 %, 1.500 s left',
    'importing x.trace: 3,000 events, 3,000/s',
    '',
  ])
})

test('nothing at all where standard error is no terminal', () => {
  const line = watched(false)
  line.at(500, 1000, 0.25)
  line.end()
  expect(line.shown()).toEqual([])
})
