import type { Aftermath } from '../../observers/effect-log.ts'
import { vaOf } from '../../observers/page-numbers.ts'
import type { Harm } from '../../observers/translation.ts'
import type { Addresses } from './addresses.ts'

/** Harm at a compared address. Pages are 4K. */
export interface PlacedHarm {
  /** Compared address, as tokens have it. */
  readonly place: number
  readonly pages: number
  readonly harm: Harm
}

/** What a call did to what observers may believe, at addresses that can be compared with another run's. */
export interface After {
  readonly made: readonly PlacedHarm[]
  readonly ended: readonly PlacedHarm[]
  /** Entries made valid and not usable yet: how many, and the first of them. */
  readonly owed: { readonly count: number; readonly level: string; readonly place: number } | null
}

export const NO_AFTER: After = { made: [], ended: [], owed: null }

/** Pages listed one by one: between boots those of the linear map lie in another order. Of more, ranges are kept. */
const SINGLY = 4096

const total = (list: Aftermath['made']): number =>
  list.reduce((sum, { start, end }) => sum + end - start, 0)

/** Places an aftermath as the tokens of its call are placed; `step`: 4K pages in one of the granule. */
export class Placer {
  readonly #addresses: Addresses
  readonly #step: number

  constructor(addresses: Addresses, step: number) {
    this.#addresses = addresses
    this.#step = step
  }

  /** Before the tokens are renamed: where its pages lie. */
  place({ made, ended, owed }: Aftermath): After {
    return {
      made: this.#list(made),
      ended: this.#list(ended),
      owed: owed && { count: owed.count, level: owed.level, place: this.#of(owed.page) },
    }
  }

  #list(list: Aftermath['made']): PlacedHarm[] {
    const step = total(list) > SINGLY * this.#step ? Number.POSITIVE_INFINITY : this.#step
    const placed: PlacedHarm[] = []
    for (const { start, end, harm } of list) {
      for (let page = start; page < end; page += step) {
        placed.push({ place: this.#of(page), pages: Math.min(end - page, step), harm })
      }
    }
    return placed
  }

  #of(page: number): number {
    const va = vaOf(page)
    this.#addresses.place(Number(va & 0xffff_ffffn), Number(va >> 32n))
    return placeNumber(this.#addresses)
  }
}

/** The words of a compared address as one number. */
export const placeNumber = ({ lo, hi }: { readonly lo: number; readonly hi: number }): number =>
  (hi | 0) * 2 ** 32 + lo

/** The same after with every place renamed. */
export function renamed(after: After, rename: (place: number) => number): After {
  const all = (list: readonly PlacedHarm[]) =>
    list.map((item) => ({ ...item, place: rename(item.place) }))
  const { owed } = after
  return {
    made: all(after.made),
    ended: all(after.ended),
    owed: owed && { ...owed, place: rename(owed.place) },
  }
}
