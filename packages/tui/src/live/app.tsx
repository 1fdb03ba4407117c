import { useApp, useInput, usePaste, useWindowSize } from 'ink'
import { useEffect, useLayoutEffect, useMemo, useSyncExternalStore } from 'react'
import { Frame } from '../screens/frame.tsx'
import { pressed } from './key-name.ts'
import { paced } from './pace.ts'
import type { ModelStore } from './model-store.ts'
import type { Drawing } from '../screens/pane.tsx'

const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/** What Ink lends of the terminal. */
export interface Controls {
  readonly exit: () => void
  readonly suspend: (meanwhile: () => Promise<void>) => Promise<void>
}

export interface AppProps extends Drawing {
  readonly store: ModelStore
  /** Whether an answer to a key is still to come. */
  readonly asked: () => boolean
  /** Called once with what ends or suspends the app. */
  readonly attach: (controls: Controls) => void
}

/** Ink's hooks wired to the store; what is drawn is {@link Frame}. */
export function App({ store, asked, theme, places, attach }: AppProps) {
  const size = useWindowSize()
  // A terminal that does not say its size reports 0.
  const columns = size.columns || DEFAULT_COLUMNS
  const rows = size.rows || DEFAULT_ROWS
  const { exit, suspendTerminal } = useApp()
  useEffect(
    () => attach({ exit: () => exit(), suspend: (f) => suspendTerminal(f) }),
    [attach, exit, suspendTerminal],
  )
  useLayoutEffect(() => store.dispatch({ type: 'resize', columns, rows }), [store, columns, rows])
  useInput((input, key) => {
    const what = pressed(input, key)
    if (what?.type === 'key') store.dispatch({ type: 'key', key: what.key })
    else if (what) store.dispatch({ type: 'text', text: what.text, pasted: false })
  })
  usePaste((text) => store.dispatch({ type: 'text', text, pasted: true }))
  const subscribe = useMemo(() => paced(store, asked), [store, asked])
  const model = useSyncExternalStore(subscribe, store.get)
  // For one frame after a resize the model still has the old size; the frame is drawn for the new one.
  const fitting =
    model.columns === columns && model.rows === rows ? model : { ...model, columns, rows }
  return <Frame model={fitting} theme={theme} places={places} />
}
