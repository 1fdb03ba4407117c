import { render } from 'ink'
import { App, type Controls } from './app.tsx'
import { Conductor, type Stage } from './conductor.ts'
import { enterDiff } from '../commands/diff-commands.ts'
import { initialModel, type Model, sessionOf } from '../model/model.ts'
import { Places } from '../model/places.ts'
import { enterRun, runsCame } from '../commands/runs-commands.ts'
import type { AppIo, AppOptions } from './app-options.ts'
import { keepSession, restoreSession, sessionFile } from './session-file.ts'
import { ModelStore } from './model-store.ts'
import {
  CLIPBOARD_BYTES,
  clipboard,
  restoreOnExit,
  setMouse,
  stopUntilContinued,
  tapInput,
  tapOutput,
} from './terminal.ts'
import { themeFor } from '../text/theme.ts'
import { workerData } from '../data/worker-data.ts'

/** This file runs bundled, as dist/app.js, beside its worker threads' code. */
const WORKER = new URL('./worker.js', import.meta.url)
const PROGRAM = new URL('../bin/pagetrail.js', import.meta.url)
const CRASHED = 70
/**
 * A second. Ink makes a frame wait until this much time has passed since the one before it, and what a key shows is
 * often the second: at 60 frames that alone is 17 ms. Frames are made only of changes, see pace.ts.
 */
const MOST_FRAMES = 250

/**
 * The terminal UI on a database of runs; resolves with the exit status when it is left. Both ends must be terminals.
 * Throws InputError for a file that cannot be read or a run that does not exist, before anything is drawn.
 */
export async function runApp(options: AppOptions): Promise<number> {
  const { db, runs, io } = options
  const data = workerData(WORKER, PROGRAM, db, options.proofs, options.worker)
  const session = sessionFile(io.env, db)
  const restored = restoreSession(session)
  const store = new ModelStore(
    initialModel(io.stdout.columns || 80, io.stdout.rows || 24, db, restored),
  )
  // Ink does this after its first frame: what is typed before would be echoed, and shift the screen.
  io.stdin.setRawMode(true)
  try {
    // What is wrong with the file or the run's name is better said on the plain screen.
    const list = await data.runs()
    store.dispatch({ type: 'answer', apply: (m) => runsCame(m, list) })
    const [first, second] = await Promise.all(runs.slice(0, 2).map((spec) => data.find(spec)))
    if (first) {
      const apply = (m: Model) => (second ? enterDiff(m, first, second) : enterRun(m, first))
      store.dispatch({ type: 'answer', apply })
    }
    return await show(store, data, io)
  } finally {
    io.stdin.setRawMode(false)
    const failure = keepSession(session, sessionOf(store.get()))
    if (failure !== null) io.stderr.write(`pagetrail: where you were is not kept: ${failure}\n`)
    await data.close()
  }
}

async function show(
  store: ModelStore,
  data: ReturnType<typeof workerData>,
  io: AppIo,
): Promise<number> {
  const clean = restoreOnExit()
  const input = tapInput(io.stdin)
  tapOutput(io.stdout)
  const theme = themeFor(io.env)
  const places = new Places()
  const controls: { current: Controls | null } = { current: null }
  const conductor = new Conductor(store, data, stageOf(io, controls))
  const screen = render(
    <App
      store={store}
      asked={() => conductor.asked}
      theme={theme}
      places={places}
      attach={(c) => {
        controls.current = c
      }}
    />,
    {
      stdin: io.stdin,
      stdout: io.stdout,
      stderr: io.stderr,
      interactive: true,
      alternateScreen: true,
      incrementalRendering: true,
      maxFps: MOST_FRAMES,
      exitOnCtrlC: false,
      kittyKeyboard: { mode: 'auto' },
    },
  )
  const crashed = (error: unknown): void => {
    screen.unmount()
    io.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(CRASHED)
  }
  process.once('uncaughtException', crashed)
  process.once('unhandledRejection', crashed)
  const silence = input.onMouse(({ kind, dy, x, y }) =>
    store.dispatch({ type: 'mouse', mouse: places.mouse(kind, dy, x, y) }),
  )
  setMouse(io.stdout, store.get().mouse)
  conductor.start()
  try {
    await screen.waitUntilExit()
    return 0
  } catch (error) {
    // Ink showed it on the alternate screen, which is gone now.
    io.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n`)
    return CRASHED
  } finally {
    silence()
    conductor.stop()
    clean()
    process.off('uncaughtException', crashed)
    process.off('unhandledRejection', crashed)
  }
}

function stageOf(io: AppIo, controls: { readonly current: Controls | null }): Stage {
  const away = async (meanwhile: () => Promise<void>, mouse: boolean) => {
    setMouse(io.stdout, false)
    await controls.current?.suspend(meanwhile)
    setMouse(io.stdout, mouse)
  }
  return {
    quit: () => controls.current?.exit(),
    suspend: (mouse) => away(stopUntilContinued, mouse),
    redraw: (mouse) => away(async () => {}, mouse),
    setMouse: (on) => setMouse(io.stdout, on),
    copy: (text) => {
      const sequence = clipboard(text)
      if (sequence.length > CLIPBOARD_BYTES) return false
      io.stdout.write(sequence)
      return true
    },
  }
}
