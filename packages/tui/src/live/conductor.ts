import { Channel } from './channel.ts'
import type { Data } from '../data/data.ts'
import type { Effect, Going, Model, Query } from '../model/model.ts'
import { runsCame } from '../commands/runs-commands.ts'
import { sameRuns, STANDING } from '../model/wanted.ts'
import type { ModelStore } from './model-store.ts'

/** How often a list of runs is read again while one of them is being recorded. */
const POLL_MS = 500
/** How often the browser looks for new runs. */
const BROWSER_MS = 2_000
/** Ticks of a playing run: the frame rate is chosen here, because a frame is what costs. */
const PLAY_MS = 55
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
  readonly #standing: readonly Channel[]
  readonly #unsubscribe: () => void
  #poll: NodeJS.Timeout | null = null
  #play: NodeJS.Timeout | null = null
  /** The question whose answer counts, of those that replace each other. */
  #latest: Query | null = null
  /** Steps that go on from where the one before led, one after the other. */
  #steps: Promise<unknown> = Promise.resolve()
  /** Steps that were asked for before Esc are not taken. */
  #turn = 0
  /** Questions of keys that have no answer yet. */
  readonly #open = new Set<Query>()

  constructor(store: ModelStore, data: Data, stage: Stage) {
    this.#store = store
    this.#data = data
    this.#stage = stage
    const ends = { data, answer: this.#answer, fail: this.#failed }
    this.#standing = STANDING.map(({ rests }) => new Channel(ends, rests))
    this.#unsubscribe = store.subscribe(() => this.#look())
  }

  start(): void {
    this.#look()
  }

  /** Something will be asked for once the cursor has rested. */
  get waits(): boolean {
    return this.#standing.some((channel) => channel.waits)
  }

  /** A key has asked for something that has not come yet. */
  get asked(): boolean {
    return this.#open.size > 0
  }

  stop(): void {
    this.#unsubscribe()
    if (this.#poll) clearTimeout(this.#poll)
    for (const channel of this.#standing) channel.stop()
    if (this.#play) clearInterval(this.#play)
  }

  readonly #answer = (apply: (m: Model) => Model): void =>
    this.#store.dispatch({ type: 'answer', apply })

  readonly #failed = (error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error)
    this.#store.dispatch({ type: 'failed', text })
  }

  async #readRuns(): Promise<void> {
    const runs = await this.#data.runs()
    const known = this.#store.get().runs.list
    if (known === null || !sameRuns(known, runs)) this.#answer((m) => runsCame(m, runs))
  }

  #look(): void {
    const m = this.#store.get()
    if (m.outbox.length > 0) {
      this.#store.dispatch({ type: 'taken', count: m.outbox.length })
      for (const effect of m.outbox) this.#do(effect)
      return
    }
    for (const [i, { wanted }] of STANDING.entries()) this.#standing[i]?.want(wanted(m))
    this.#keepPolling(m)
    this.#keepPlaying(m)
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
    const { mouse } = this.#store.get()
    switch (effect.type) {
      case 'quit':
        return this.#stage.quit()
      case 'suspend':
        return void this.#stage.suspend(mouse).catch(this.#failed)
      case 'redraw':
        return void this.#stage.redraw(mouse).catch(this.#failed)
      case 'mouse':
        return this.#stage.setMouse(effect.on)
      case 'copy': {
        const done = this.#stage.copy(effect.text)
        const text = done ? `copied ${effect.what}` : 'too long for the clipboard'
        return this.#store.dispatch({ type: done ? 'said' : 'failed', text })
      }
      case 'cancel':
        this.#latest = null
        this.#turn++
        this.#store.dispatch({ type: 'job', job: null })
        return void this.#data.cancel().catch(this.#failed)
      case 'query':
        this.#open.add(effect)
        void this.#query(effect).catch(this.#failed)
    }
  }

  #query(query: Query): Promise<void> {
    if (!query.inTurn) return this.#ask(query)
    const turn = this.#turn
    const step = this.#steps.then(() => {
      if (turn === this.#turn) return this.#ask(query)
      this.#open.delete(query)
    })
    // Whoever asked gets the error; the steps that wait do not depend on it.
    this.#steps = Promise.allSettled([step])
    return step
  }

  #going(query: Query): Going {
    const { title, use } = query
    return {
      isWanted: () => use !== 'seek' || this.#latest === query,
      reached: (done) => {
        // What is quick is not shown.
        if (this.#store.get().job?.title === title)
          this.#store.dispatch({ type: 'job', job: { title, done } })
      },
    }
  }

  async #ask(query: Query): Promise<void> {
    const { title, use } = query
    const show = () => this.#store.dispatch({ type: 'job', job: { title, done: null } })
    const seeks = use === 'seek'
    if (seeks) this.#latest = query
    else if (title !== '') show()
    const slow = seeks ? setTimeout(() => this.#latest === query && show(), SLOW_MS) : undefined
    // The run that a verb makes is listed while it grows.
    const looking =
      use === 'write'
        ? setInterval(() => void this.#readRuns().catch(this.#failed), POLL_MS)
        : undefined
    try {
      const then = await query.ask(this.#data, this.#store.get(), this.#going(query))
      this.#open.delete(query)
      if (use === 'write') await this.#readRuns()
      // The answer of a search counts unless Esc, or a later one, came before it.
      if (seeks && this.#latest !== query) return
      if (seeks) this.#latest = null
      if (this.#store.get().job?.title === title) this.#store.dispatch({ type: 'job', job: null })
      this.#answer(then)
    } finally {
      this.#open.delete(query)
      clearTimeout(slow)
      clearInterval(looking)
    }
  }
}
