/** `, did you mean X?`, or nothing where no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const name = nearest(wanted, names)
  return name === undefined ? '' : `, did you mean ${name}?`
}

/** The name that is the fewest edits away, if that is a plausible slip: at most a third of its letters. */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const name of names) {
    const edits = distance(wanted.toLowerCase(), name.toLowerCase())
    if (edits < least) {
      least = edits
      best = name
    }
  }
  return best
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
