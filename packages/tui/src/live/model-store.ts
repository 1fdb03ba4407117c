import type { Model } from '../model/model.ts'
import { type Action, update } from '../commands/update.ts'

/**
 * The model of the moment, outside React: several keys arrive before one re-render, and each must see what the one
 * before it did.
 */
export class ModelStore {
  #model: Model
  readonly #listeners = new Set<() => void>()

  constructor(model: Model) {
    this.#model = model
  }

  readonly get = (): Model => this.#model

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  readonly dispatch = (action: Action): void => {
    const next = update(this.#model, action)
    if (next === this.#model) return
    this.#model = next
    for (const tell of this.#listeners) tell()
  }
}
