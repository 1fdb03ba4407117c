/**
 * Longest common subsequence of two sequences of numbers: Myers' O(ND) search for the middle snake, in linear space.
 * Minimal unless the budget runs out; then a region is cut at numbers that occur once on each side or, without such,
 * where the search got furthest, and the parts are searched with what is left.
 */
export interface Alignment {
  /** Runs of equal elements, ascending: left start, right start, length. */
  readonly matches: Int32Array
  /** False: some part was aligned by the fallback, and a longer common subsequence may exist. */
  readonly minimal: boolean
}

/** The answer does not depend on which sequence is called left: equally good alignments are chosen alike. */
export function align(left: Int32Array, right: Int32Array, budget: number): Alignment {
  const swapped = isAfter(left, right)
  const [a, b] = swapped ? [right, left] : [left, right]
  const search = new Search(a, b, budget)
  search.region(0, a.length, 0, b.length)
  const matches = Int32Array.from(search.matches)
  if (swapped) {
    for (let at = 0; at < matches.length; at += 3) {
      const x = matches[at]!
      matches[at] = matches[at + 1]!
      matches[at + 1] = x
    }
  }
  return { matches, minimal: search.minimal }
}

/** Some total order of sequences. */
function isAfter(left: Int32Array, right: Int32Array): boolean {
  if (left.length !== right.length) return left.length > right.length
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== right[i]) return left[i]! > right[i]!
  }
  return false
}

/** Where equal elements begin and end, on the left and on the right each. */
type Snake = readonly [x: number, y: number, u: number, v: number]

/** Work below which a region is searched even if the budget is gone, so that small gaps stay exact. */
const SMALL = 65_536

class Search {
  readonly matches: number[] = []
  minimal = true
  private readonly a: Int32Array
  private readonly b: Int32Array
  private budget: number
  /** Furthest x of each diagonal, from either end; made when first needed: most pairs are equal. */
  private forward = new Int32Array(0)
  private backward = new Int32Array(0)
  private readonly offset: number

  constructor(a: Int32Array, b: Int32Array, budget: number) {
    this.a = a
    this.b = b
    this.budget = budget
    this.offset = a.length + b.length + 2
  }

  /** Aligns a[a0, a1) with b[b0, b1), by an explicit stack: the depth is not bounded by the call stack. */
  region(a0: number, a1: number, b0: number, b1: number): void {
    const stack: number[] = [a0, a1, b0, b1]
    while (stack.length > 0) {
      let bEnd = stack.pop()!
      let bAt = stack.pop()!
      let aEnd = stack.pop()!
      let aAt = stack.pop()!
      if (aAt < 0) {
        // A snake found earlier, put back to be emitted in order.
        this.emit(-aAt - 1, bAt, bEnd)
        continue
      }
      const prefix = this.prefix(aAt, aEnd, bAt, bEnd)
      this.emit(aAt, bAt, prefix)
      aAt += prefix
      bAt += prefix
      const suffix = this.suffix(aAt, aEnd, bAt, bEnd)
      aEnd -= suffix
      bEnd -= suffix
      if (suffix > 0) stack.push(-aEnd - 1, 0, bEnd, suffix)
      if (aAt === aEnd || bAt === bEnd) continue
      this.divide(stack, aAt, aEnd, bAt, bEnd)
    }
  }

  private divide(stack: number[], a0: number, a1: number, b0: number, b1: number): void {
    const { snake, shortest } = this.middle(a0, a1, b0, b1)
    const cuts = shortest ? [] : this.anchors(a0, a1, b0, b1)
    if (!shortest) this.minimal = false
    if (cuts.length === 0) {
      const [x, y, u, v] = snake
      stack.push(u, a1, v, b1, x, u, y, v, a0, x, b0, y)
      return
    }
    let aEnd = a1
    let bEnd = b1
    for (let i = cuts.length - 2; i >= 0; i -= 2) {
      const x = cuts[i]!
      const y = cuts[i + 1]!
      stack.push(x + 1, aEnd, y + 1, bEnd, -x - 1, 0, y, 1)
      aEnd = x
      bEnd = y
    }
    stack.push(a0, aEnd, b0, bEnd)
  }

  /** The middle snake x,y -> u,v of a shortest edit script; where the budget ends, the point that was got furthest. */
  private middle(
    a0: number,
    a1: number,
    b0: number,
    b1: number,
  ): { readonly snake: Snake; readonly shortest: boolean } {
    const { a, b, offset } = this
    if (this.forward.length === 0) {
      this.forward = new Int32Array(2 * offset + 1)
      this.backward = new Int32Array(2 * offset + 1)
    }
    const { forward, backward } = this
    const n = a1 - a0
    const m = b1 - b0
    const delta = n - m
    const odd = (delta & 1) !== 0
    const limit = Math.ceil((n + m) / 2)
    forward[offset + 1] = 0
    backward[offset + 1] = 0
    let steps = 0
    for (let d = 0; d <= limit; d++) {
      for (let k = -d; k <= d; k += 2) {
        const down = k === -d || (k !== d && forward[offset + k - 1]! < forward[offset + k + 1]!)
        let x = down ? forward[offset + k + 1]! : forward[offset + k - 1]! + 1
        let y = x - k
        const x0 = x
        const y0 = y
        while (x < n && y < m && a[a0 + x] === b[b0 + y]) {
          x++
          y++
        }
        forward[offset + k] = x
        if (
          odd &&
          k >= delta - (d - 1) &&
          k <= delta + (d - 1) &&
          x + backward[offset + delta - k]! >= n
        ) {
          this.budget -= steps
          return { snake: [a0 + x0, b0 + y0, a0 + x, b0 + y], shortest: true }
        }
      }
      for (let k = -d; k <= d; k += 2) {
        const down = k === -d || (k !== d && backward[offset + k - 1]! < backward[offset + k + 1]!)
        let x = down ? backward[offset + k + 1]! : backward[offset + k - 1]! + 1
        let y = x - k
        const x0 = x
        const y0 = y
        while (x < n && y < m && a[a1 - 1 - x] === b[b1 - 1 - y]) {
          x++
          y++
        }
        backward[offset + k] = x
        if (!odd && k >= -d + delta && k <= d + delta && x + forward[offset + delta - k]! >= n) {
          this.budget -= steps
          return { snake: [a1 - x, b1 - y, a1 - x0, b1 - y0], shortest: true }
        }
      }
      steps += 2 * d + 2
      if (steps > this.budget && steps > SMALL) {
        this.budget = Math.max(0, this.budget - steps)
        return { snake: this.furthest(d, a0, a1, b0, b1), shortest: false }
      }
    }
    throw new Error('two sequences without a shortest edit script')
  }

  /** After d steps from both ends: the point with the most behind it, as GNU diff cuts what is too expensive. */
  private furthest(d: number, a0: number, a1: number, b0: number, b1: number): Snake {
    const { forward, backward, offset } = this
    const n = a1 - a0
    const m = b1 - b0
    let best = 0
    let point: Snake = [a0, b0, a0, b0]
    for (let k = -d; k <= d; k += 2) {
      const x = forward[offset + k]!
      if (x <= n && x - k <= m && 2 * x - k > best) {
        best = 2 * x - k
        point = [a0 + x, b0 + x - k, a0 + x, b0 + x - k]
      }
      const u = backward[offset + k]!
      if (u <= n && u - k <= m && 2 * u - k > best) {
        best = 2 * u - k
        point = [a1 - u, b1 - u + k, a1 - u, b1 - u + k]
      }
    }
    return point
  }

  /** Elements that occur once on each side, in an order common to both: a longest such chain, as x, y pairs. */
  private anchors(a0: number, a1: number, b0: number, b1: number): number[] {
    const places = new Map<number, { a: number; b: number }>()
    const again = -2
    for (let i = a0; i < a1; i++) {
      const place = places.get(this.a[i]!)
      if (place) place.a = again
      else places.set(this.a[i]!, { a: i, b: -1 })
    }
    for (let j = b0; j < b1; j++) {
      const place = places.get(this.b[j]!)
      if (place) place.b = place.b === -1 ? j : again
    }
    const pairs = [...places.values()].filter((place) => place.a >= 0 && place.b >= 0)
    pairs.sort((p, q) => p.a - q.a)
    const chosen = longestAscending(pairs.map((pair) => pair.b))
    return chosen.flatMap((i) => [pairs[i]!.a, pairs[i]!.b])
  }

  private prefix(a0: number, a1: number, b0: number, b1: number): number {
    const limit = Math.min(a1 - a0, b1 - b0)
    let n = 0
    while (n < limit && this.a[a0 + n] === this.b[b0 + n]) n++
    return n
  }

  private suffix(a0: number, a1: number, b0: number, b1: number): number {
    const limit = Math.min(a1 - a0, b1 - b0)
    let n = 0
    while (n < limit && this.a[a1 - 1 - n] === this.b[b1 - 1 - n]) n++
    return n
  }

  /** Adds a run, joined to the one before where it continues it. */
  private emit(x: number, y: number, length: number): void {
    if (length === 0) return
    const { matches } = this
    const at = matches.length - 3
    const run = at < 0 ? 0 : matches[at + 2]!
    if (run > 0 && matches[at]! + run === x && matches[at + 1]! + run === y) {
      matches[at + 2] = run + length
    } else matches.push(x, y, length)
  }
}

/** Indexes of a longest ascending subsequence (patience sorting). */
export function longestAscending(values: readonly number[]): number[] {
  const tails: number[] = []
  const before = new Int32Array(values.length)
  values.forEach((value, i) => {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[tails[middle]!]! < value) low = middle + 1
      else high = middle
    }
    before[i] = low > 0 ? tails[low - 1]! : -1
    tails[low] = i
  })
  const chosen: number[] = []
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i]!) chosen.push(i)
  return chosen.toReversed()
}
