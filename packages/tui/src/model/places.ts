/** What of the screen can be pointed at. Frames measure where each stands; nobody else knows it. */
export type PlaceName =
  | 'list'
  | 'details'
  | 'lower'
  | 'query'
  | 'timeline'
  | 'crumb'
  | 'chip'
  | 'tab'
  | 'key'
  | 'overlay'

/** A place of the frame, in cells from the top left; `index` distinguishes several of one name. */
export interface Spotted {
  readonly name: PlaceName
  readonly index: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What the mouse did, and on which row and column of which place; null: on none. */
export interface Mouse {
  readonly kind: 'wheel' | 'click'
  /** wheel: -1 up, 1 down */
  readonly dy: number
  readonly at: {
    readonly name: PlaceName
    readonly index: number
    readonly row: number
    readonly column: number
    readonly width: number
  } | null
}

/** The places of the frame last laid out. */
export class Places {
  readonly #spots = new Map<string, Spotted>()

  set(spot: Spotted): void {
    this.#spots.set(`${spot.name} ${spot.index}`, spot)
  }

  drop(name: PlaceName, index: number): void {
    this.#spots.delete(`${name} ${index}`)
  }

  get(name: PlaceName, index = 0): Spotted | undefined {
    return this.#spots.get(`${name} ${index}`)
  }

  /** What a report of the terminal is about. */
  mouse(kind: Mouse['kind'], dy: number, x: number, y: number): Mouse {
    // What was laid out last lies on top.
    const spot = [...this.#spots.values()].findLast(
      (s) => x >= s.x && x < s.x + s.width && y >= s.y && y < s.y + s.height,
    )
    if (!spot) return { kind, dy, at: null }
    const { name, index, width } = spot
    return { kind, dy, at: { name, index, row: y - spot.y, column: x - spot.x, width } }
  }
}
