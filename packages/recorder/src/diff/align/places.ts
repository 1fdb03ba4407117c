/** The numbers of a call's events: of its rows, and of those that were set aside. */
export interface Places {
  readonly length: number
  seqAt(i: number): number
  readonly aside: readonly number[]
}

/** Numbers of events by row, as stretches that go up by one: the first row of each, and the number of its event. */
export interface Stretches {
  readonly rows: number[]
  readonly seqs: number[]
}

/** Appends the numbers of rows from `first` on. */
export function addStretches(
  { rows, seqs }: Stretches,
  first: number,
  own: Float64Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const n = seqs.length - 1
    if (n >= 0 && own[i] === seqs[n]! + first + i - rows[n]!) continue
    rows.push(first + i)
    seqs.push(own[i]!)
  }
}

/** The number of a row among stretches. */
export function seqIn({ rows, seqs }: Stretches, i: number): number {
  let [low, high] = [0, rows.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (rows[middle]! <= i) low = middle
    else high = middle
  }
  return seqs[low]! + i - rows[low]!
}

/** The numbers of a call's rows, and of the events that were set aside. */
export const placesBy = (
  stretches: Stretches,
  length: number,
  aside: readonly number[],
): Places => ({ length, seqAt: (i) => seqIn(stretches, i), aside })
