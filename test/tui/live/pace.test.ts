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

test('a frame waits for the rows a jump asked for, but not long', () => {
  const store = new ModelStore(initialModel(80, 24, 'x'))
  const paint = vi.fn<() => void>()
  paced(store)(paint)
  store.dispatch({ type: 'answer', apply: (m) => enterRun(m, RUN) })
  expect(paint).toHaveBeenCalledTimes(1)
  const window = { rows: [], cursor: null, atStart: false, atEnd: false }
  const query = { run: 1, filter: null, anchor: 0, delta: 0, reach: 20, total: 9_000 }
  store.dispatch({ type: 'answer', apply: (m) => windowCame(m, query, window) })
  expect(paint).toHaveBeenCalledTimes(2)
  store.dispatch({ type: 'key', key: 'end' })
  expect(paint).toHaveBeenCalledTimes(2)
  const later = { ...query, anchor: 8_999 }
  store.dispatch({ type: 'answer', apply: (m) => windowCame(m, later, window) })
  expect(paint).toHaveBeenCalledTimes(3)
  store.dispatch({ type: 'key', key: 'home' })
  vi.advanceTimersByTime(12)
  expect(paint).toHaveBeenCalledTimes(4)
})
