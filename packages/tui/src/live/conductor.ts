import { Channel } from './channel.ts'
import {
  type DiffRowsQuery,
  type DiffStates,
  type StatesQuery,
  wantedDiffRows,
} from '../model/diff.ts'
import type { DifferenceQuery } from '../data/diff-pages.ts'
import type { CountQuery, Data, FindQuery, StateQuery } from '../data/data.ts'
import type { Effect, Model } from '../model/model.ts'
import { descriptorOf } from '../model/replay-commands.ts'
import { wantedWindow } from '../model/replay.ts'
import type { ModelStore } from './model-store.ts'
import { Resting } from './resting.ts'
import { sameRuns, wantedCount, wantedState, wantedStates } from '../model/wanted.ts'

/** How often a list of runs is read again while one of them is being recorded. */
const POLL_MS = 500
/** How often the browser looks for new runs. */
const BROWSER_MS = 2_000
/** Ticks of a playing run: the frame rate is chosen here, because a frame is what costs. */
const PLAY_MS = 55
const DENSITY_BUCKETS = 120
/** A search that takes longer is shown as work that Esc stops. */
const SLOW_MS = 150

/** What effects need of the terminal. */
export interface Stage {
  quit(): void
  /** `mouse`: whether reports are wanted again afterwards. */
  suspend(mouse: boolean): Promise<void>
  redraw(mouse: boolean): Promise<void>
  setMouse(on: boolean): void
  /** false: too long for the terminal. */
  copy(text: string): boolean
}

/**
 * Stands between the model and the world: after every change it asks the database for what the screen lacks, and does
 * what stands in the outbox.
 */
export class Conductor {
  readonly #store: ModelStore
  readonly #data: Data
  readonly #stage: Stage
  readonly #window
  readonly #state
  readonly #states
  readonly #rows
  readonly #count
  readonly #unsubscribe: () => void
  #poll: NodeJS.Timeout | null = null
  #play: NodeJS.Timeout | null = null
  /** Run whose marks and names were asked for. */
  #known = -1
  /** What is looked for at the moment. */
  #search: FindQuery | null = null
  /** Steps between differences that were asked for, one after the other. */
  #steps: Promise<unknown> = Promise.resolve()
  /** Run whose density was asked for, and with how many events. */
  #sampled = ''

  constructor(store: ModelStore, data: Data, stage: Stage) {
    this.#store = store
    this.#data = data
    this.#stage = stage
    const { dispatch } = store
    this.#window = new Channel(
      (query: Parameters<Data['window']>[0]) => data.window(query),
      (window, query) => dispatch({ type: 'window', query, window }),
      this.#failed,
    )
    this.#state = new Resting(
      new Channel(
        (query: StateQuery) => data.state(query),
        (state) => dispatch({ type: 'state', state }),
        this.#failed,
      ),
    )
    this.#states = new Resting(
      new Channel(
        (query: StatesQuery) => bothStates(data, query),
        (states, query) => dispatch({ type: 'diffStates', query, states }),
        this.#failed,
      ),
    )
    this.#rows = new Channel(
      (query: DiffRowsQuery) => data.diffRows(query),
      (rows, query) => dispatch({ type: 'diffRows', query, rows }),
      this.#failed,
    )
    this.#count = new Resting(
      new Channel(
        (query: CountQuery) => data.count(query),
        (count, { run, filter }) =>
          count !== null && dispatch({ type: 'counted', run, filter, count }),
        this.#failed,
      ),
    )
    this.#unsubscribe = store.subscribe(() => this.#look())
  }

  start(): void {
    this.#look()
  }

  /** Something will be asked for once the cursor has rested. */
  get waits(): boolean {
    return this.#state.waits || this.#states.waits || this.#count.waits
  }

  stop(): void {
    this.#unsubscribe()
    if (this.#poll) clearTimeout(this.#poll)
    this.#state.stop()
    this.#states.stop()
    this.#count.stop()
    if (this.#play) clearInterval(this.#play)
  }

  readonly #failed = (error: unknown): void => {
    this.#store.dispatch({
      type: 'failed',
      text: error instanceof Error ? error.message : String(error),
    })
  }

  async #readRuns(): Promise<void> {
    const runs = await this.#data.runs()
    const known = this.#store.get().runs.list
    if (known === null || !sameRuns(known, runs)) this.#store.dispatch({ type: 'runs', runs })
  }

  #look(): void {
    const m = this.#store.get()
    if (m.outbox.length > 0) {
      this.#store.dispatch({ type: 'taken', count: m.outbox.length })
      for (const effect of m.outbox) this.#do(effect)
      return
    }
    this.#window.want(wantedWindow(m))
    this.#state.want(wantedState(m))
    this.#states.want(wantedStates(m))
    this.#count.want(wantedCount(m))
    this.#rows.want(wantedDiffRows(m))
    this.#learn(m)
    this.#keepPolling(m)
    this.#keepPlaying(m)
  }

  /** What is asked once for each run, and how busy its parts are whenever it has grown. */
  #learn(m: Model): void {
    const run = m.screen === 'replay' ? m.replay?.run : undefined
    if (!run) return
    const { dispatch } = this.#store
    if (this.#sampled !== `${run.id}:${run.events}`) {
      this.#sampled = `${run.id}:${run.events}`
      this.#data
        .density(run.id, run.events, DENSITY_BUCKETS)
        .then((density) => dispatch({ type: 'density', density }), this.#failed)
    }
    if (this.#known === run.id) return
    this.#known = run.id
    this.#data
      .marks(run.id)
      .then((marks) => dispatch({ type: 'marks', run: run.id, marks }), this.#failed)
    this.#data
      .names(run.id)
      .then((names) => dispatch({ type: 'names', run: run.id, names }), this.#failed)
  }

  /** A run that is being recorded grows on the screen; in the browser, runs of other processes appear. */
  #keepPolling(m: Model): void {
    const live = m.runs.list?.some((run) => run.state === 'recording')
    if (this.#poll || (!live && m.screen !== 'runs')) return
    const again = () => {
      this.#poll = null
      this.#readRuns().then(() => this.#look(), this.#failed)
    }
    this.#poll = setTimeout(again, live ? POLL_MS : BROWSER_MS)
  }

  #keepPlaying(m: Model): void {
    const playing = m.screen === 'replay' && m.replay?.play != null
    if (playing && !this.#play) {
      const tick = () => this.#store.dispatch({ type: 'tick', now: performance.now() })
      this.#play = setInterval(tick, PLAY_MS)
      tick()
    } else if (!playing && this.#play) {
      clearInterval(this.#play)
      this.#play = null
    }
  }

  #do(effect: Effect): void {
    const { dispatch } = this.#store
    switch (effect.type) {
      case 'quit':
        return this.#stage.quit()
      case 'suspend':
        return void this.#stage.suspend(this.#store.get().mouse).catch(this.#failed)
      case 'redraw':
        return void this.#stage.redraw(this.#store.get().mouse).catch(this.#failed)
      case 'mouse':
        return this.#stage.setMouse(effect.on)
      case 'copy': {
        const done = this.#stage.copy(effect.text)
        return dispatch(
          done
            ? { type: 'said', text: `copied ${effect.what}` }
            : { type: 'failed', text: 'too long for the clipboard' },
        )
      }
      default:
        this.#ask(effect).catch(this.#failed)
    }
  }

  /** Effects that the database answers. */
  async #ask(
    effect: Exclude<Effect, { type: 'quit' | 'suspend' | 'redraw' | 'mouse' | 'copy' }>,
  ): Promise<void> {
    const { dispatch } = this.#store
    const data = this.#data
    switch (effect.type) {
      case 'seek': {
        return this.#seek(effect.query, effect.what)
      }
      case 'pair': {
        const { run, event, aim } = effect
        return dispatch({ type: 'paired', run, event, aim, seq: await data.pair(run, event) })
      }
      case 'why': {
        const at = descriptorOf(effect.event)
        if (!at) return dispatch({ type: 'failed', text: 'this event is on no descriptor' })
        const lines = await data.why(effect.run, at.va, effect.event.seq)
        return dispatch({ type: 'why', run: effect.run, lines })
      }
      case 'check': {
        dispatch({ type: 'job', job: { title: `checking run #${effect.run}`, done: null } })
        const checked = await data.check(effect.run)
        return dispatch({ type: 'checked', run: effect.run, checked, show: effect.show })
      }
      case 'command':
        return this.#command(effect.args, effect.title)
      case 'sql': {
        dispatch({ type: 'job', job: { title: 'running the query', done: null } })
        return data.sql(effect.text).then(
          (result) => dispatch({ type: 'queried', result, problem: null }),
          (error: Error) => dispatch({ type: 'queried', result: null, problem: error.message }),
        )
      }
      case 'export':
        await data.exportResult(effect.file, effect.result)
        return dispatch({ type: 'said', text: `written to ${effect.file}` })
      case 'diff': {
        const { left, right } = effect
        dispatch({ type: 'job', job: { title: `comparing #${left} and #${right}`, done: null } })
        return dispatch({ type: 'compared', left, right, report: await data.diff(left, right) })
      }
      case 'difference':
        return this.#difference(effect.query)
      case 'rename':
        await data.rename(effect.run, effect.label)
        await this.#readRuns()
        return dispatch({ type: 'said', text: `renamed to ${effect.label}` })
      case 'remove':
        await data.remove(effect.run)
        await this.#readRuns()
        return dispatch({ type: 'said', text: `run #${effect.run} is deleted` })
      case 'marks':
        return data.saveMarks(effect.run, effect.marks)
      case 'cancel':
        this.#search = null
        dispatch({ type: 'job', job: null })
        return data.cancel()
    }
  }

  /** Keys may come faster than answers: each step goes on from where the one before it led. */
  #difference(query: DifferenceQuery): Promise<void> {
    const step = this.#steps.then(async () => {
      const d = this.#store.get().diff
      if (d?.left.id !== query.left || d.right.id !== query.right) return
      const at = await this.#data.difference({ ...query, from: d.cursor })
      this.#store.dispatch({ type: 'difference', at, backward: query.backward })
    })
    // Whoever asked hears of a failure; the steps that wait do not depend on it.
    this.#steps = Promise.allSettled([step])
    return step
  }

  /** The answer counts unless Esc, or a later search, came before it. */
  async #seek(query: FindQuery, what: string): Promise<void> {
    const { dispatch } = this.#store
    this.#search = query
    const slow = setTimeout(() => {
      if (this.#search === query) {
        dispatch({ type: 'job', job: { title: `looking for the ${what}`, done: null } })
      }
    }, SLOW_MS)
    try {
      const seq = await this.#data.seek(query)
      if (this.#search !== query) return
      this.#search = null
      if (this.#store.get().job) dispatch({ type: 'job', job: null })
      dispatch({ type: 'found', run: query.run, seq, what })
    } finally {
      clearTimeout(slow)
    }
  }

  /** A verb in a process of its own; the run that it makes is listed while it grows. */
  async #command(args: readonly string[], title: string): Promise<void> {
    const { dispatch } = this.#store
    dispatch({ type: 'job', job: { title, done: null } })
    const looking = setInterval(() => void this.#readRuns().catch(this.#failed), POLL_MS)
    try {
      const text = await this.#data.command(args)
      await this.#readRuns()
      dispatch({ type: 'job', job: null })
      dispatch({ type: 'said', text })
    } finally {
      clearInterval(looking)
    }
  }
}

/** What the page tables of both sides of a comparison were. */
async function bothStates(data: Data, { left, right }: StatesQuery): Promise<DiffStates> {
  const [a, b] = await Promise.all([left && data.state(left), right && data.state(right)])
  return { left: a, right: b }
}
