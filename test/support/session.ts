import { type Run, type TraceEvent } from '@pagetrail/recorder'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createElement } from 'react'
import { renderToString } from 'ink'
import { Conductor } from '../../packages/tui/src/live/conductor.ts'
import type { Data } from '../../packages/tui/src/data/data.ts'
import { Frame } from '../../packages/tui/src/screens/frame.tsx'
import { initialModel, type Replay } from '../../packages/tui/src/model/model.ts'
import { type PlaceName, Places } from '../../packages/tui/src/model/places.ts'
import { enterRun, runsCame } from '../../packages/tui/src/commands/runs-commands.ts'
import { ModelStore } from '../../packages/tui/src/live/model-store.ts'
import { plain } from '../../packages/tui/src/text/width.ts'
import { themeFor } from '../../packages/tui/src/text/theme.ts'
import { runCommand } from '../../packages/tui/src/data/command-process.ts'
import { runSql } from '../../packages/tui/src/data/run-sql.ts'
import { openTraceData } from '../../packages/tui/src/data/trace-data.ts'
import { writeSample } from './sample-trace.ts'

const PROGRAM = new URL('../../packages/tui/bin/pagetrail.js', import.meta.url)

export interface SessionOptions {
  readonly calls: number
  readonly label?: string
  /** Go into the run at once. */
  readonly open?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** The whole application on a sample run, in this process and without a terminal: keys in, frames out. */
export async function session(options: SessionOptions) {
  const { calls, label = 'sample', open = true, columns = 120, rows = 36 } = options
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'sample.db')
  const run = await writeSample(db, calls, { label })
  return sessionOn(db, open ? run : null, columns, rows)
}

export async function sessionOn(db: string, run: Run | null, columns: number, rows: number) {
  const theme = themeFor({ TERM: 'xterm-256color' })
  const store = new ModelStore(initialModel(columns, rows, 'sample.db'))
  let places = new Places()
  const pending = new Set<Promise<unknown>>()
  const idle = new AbortController().signal
  const data = watched(
    {
      ...(await openTraceData(db)),
      sql: (text) => runSql(db, text, idle),
      command: (args) => runCommand(PROGRAM, db, args, idle),
    },
    pending,
  )
  const said: string[] = []
  const conductor = new Conductor(store, data, {
    quit: () => said.push('quit'),
    suspend: async () => void said.push('suspend'),
    redraw: async () => void said.push('redraw'),
    setMouse: (on) => said.push(`mouse ${on}`),
    copy: (text) => said.push(text) > 0,
  })
  /** Resolves when nothing is under way, nor about to be asked for: the screen stays as it is. */
  const settled = async () => {
    for (let quiet = 0; quiet < 2;) {
      if (conductor.waits) await new Promise((resolve) => setTimeout(resolve, 1))
      else await new Promise((resolve) => setImmediate(resolve))
      if (pending.size > 0) await Promise.allSettled(pending)
      quiet = pending.size === 0 && !conductor.waits ? quiet + 1 : 0
    }
  }
  const list = await data.runs()
  store.dispatch({ type: 'answer', apply: (m) => runsCame(m, list) })
  if (run) store.dispatch({ type: 'answer', apply: (m) => enterRun(m, run) })
  conductor.start()
  await settled()
  const replay = (): Replay => {
    const r = store.get().replay
    if (!r) throw new Error('no run is open')
    return r
  }
  const raw = () => {
    // What is drawn to a string is taken down at once; where its parts stood is kept.
    places = Object.assign(new Places(), { drop() {} })
    const frame = createElement(Frame, { model: store.get(), theme, places })
    return renderToString(frame, { columns: store.get().columns })
  }
  return {
    model: store.get,
    replay,
    settled,
    raw,
    said,
    data,
    cursor: () => replay().cursor,
    shownKinds: (): TraceEvent['kind'][] =>
      [...new Set(replay().rows.map((e) => e.kind))].toSorted(),
    keys: (...keys: string[]) => {
      for (const key of keys) {
        const text = key.length === 1
        store.dispatch(text ? { type: 'text', text: key, pasted: false } : { type: 'key', key })
      }
    },
    type: (text: string) => {
      for (const c of text) store.dispatch({ type: 'text', text: c, pasted: false })
    },
    dispatch: store.dispatch,
    /** A click, or a turn of the wheel, at a cell of the frame. */
    mouse: (kind: 'click' | 'wheel', dy: number, x: number, y: number) => {
      raw()
      store.dispatch({ type: 'mouse', mouse: places.mouse(kind, dy, x, y) })
    },
    /** Where a part of the frame stands. */
    place: (name: PlaceName, index = 0) => {
      raw()
      return places.get(name, index)
    },
    /** The same in the frame last drawn. */
    placed: (name: PlaceName) => places.get(name, 0),
    /** The frame as a person reads it. */
    screen: () => plain(raw()).replaceAll(/ +$/gm, ''),
    end: async () => {
      conductor.stop()
      await data.close()
    },
  }
}

/** The same data, with what is under way counted. */
function watched(data: Omit<Data, 'cancel'>, pending: Set<Promise<unknown>>): Data {
  const all: Data = { ...data, cancel: async () => {} }
  return new Proxy(all, {
    get(_all, name: keyof Data) {
      const method = all[name] as (...args: readonly unknown[]) => Promise<unknown>
      return (...args: readonly unknown[]) => {
        const promise = method(...args)
        pending.add(promise)
        const done = () => pending.delete(promise)
        promise.then(done, done)
        return promise
      }
    },
  })
}
