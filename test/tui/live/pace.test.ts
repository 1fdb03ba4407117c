import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { initialModel } from '../../../packages/tui/src/model/model.ts'
import { enterRun } from '../../../packages/tui/src/commands/runs-commands.ts'
import { windowCame } from '../../../packages/tui/src/model/replay.ts'
import { paced } from '../../../packages/tui/src/live/pace.ts'
import { ModelStore } from '../../../packages/tui/src/live/model-store.ts'
import { SAMPLE } from '../../support/sample-trace.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const RUN = {
  id: 1,
  label: 'r',
  source: 'engine',
  state: 'complete',
  flavour: null,
  kernel: null,
  scenario: null,
  geometry: null,
  facts: {},
  t0: null,
  created: SAMPLE.created,
  events: 9_000,
  calls: 0,
  lost: 0,
} as const

const ROWS = { rows: [], cursor: null, atStart: false, atEnd: false }
const QUERY = { run: 1, filter: null, anchor: 0, delta: 0, reach: 20, total: 9_000 }

/** A store whose frames are counted; `frames` is their number after so many ms. */
function counted(asked: () => boolean = () => false) {
  const store = new ModelStore(initialModel(80, 24, 'x'))
  const paint = vi.fn<() => void>()
  paced(store, asked)(paint)
  const frames = async (ms = 0) => {
    await Promise.resolve()
    await vi.advanceTimersByTimeAsync(ms)
    return paint.mock.calls.length
  }
  return { store, frames }
}

test('a frame waits for the rows a jump asked for, but not long', async () => {
  const { store, frames } = counted()
  store.dispatch({ type: 'answer', apply: (m) => enterRun(m, RUN) })
  expect(await frames()).toBe(1)
  store.dispatch({ type: 'answer', apply: (m) => windowCame(m, QUERY, ROWS) })
  expect(await frames()).toBe(2)
  store.dispatch({ type: 'key', key: 'end' })
  expect(await frames()).toBe(2)
  const later = { ...QUERY, anchor: 8_999 }
  store.dispatch({ type: 'answer', apply: (m) => windowCame(m, later, ROWS) })
  expect(await frames()).toBe(3)
  store.dispatch({ type: 'key', key: 'home' })
  expect(await frames(11)).toBe(3)
  expect(await frames(1)).toBe(4)
})

test('keys that came together are painted together', async () => {
  const { store, frames } = counted()
  for (const key of ['?', 'esc', ':']) store.dispatch({ type: 'key', key })
  expect(await frames()).toBe(1)
})

test('a frame waits for what a key has asked for; once that takes long, no frame waits for it', async () => {
  let asked = true
  const { store, frames } = counted(() => asked)
  const said = (text: string) => store.dispatch({ type: 'said', text })
  said('one')
  expect(await frames(11)).toBe(0)
  asked = false
  said('two')
  expect(await frames()).toBe(1)
  asked = true
  said('three')
  expect(await frames(12)).toBe(2)
  said('four')
  expect(await frames()).toBe(3)
  asked = false
  said('five')
  expect(await frames()).toBe(4)
  asked = true
  said('six')
  expect(await frames(11)).toBe(4)
})

test('what is typed into a prompt waits for nothing', async () => {
  const { store, frames } = counted(() => true)
  store.dispatch({ type: 'key', key: ':' })
  expect(await frames()).toBe(1)
  store.dispatch({ type: 'text', text: '4', pasted: false })
  expect(await frames()).toBe(2)
})
