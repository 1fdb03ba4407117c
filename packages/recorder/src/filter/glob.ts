/**
 * Whether a text matches a pattern of SQLite's GLOB: `*` any text, `?` one character, `[a-z]` and `[^a-z]` sets, case
 * matters. The same rules as the database's, so that a filter means one thing wherever it runs.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const source = regexSource([...pattern])
  if (source === null) return () => false
  const regex = new RegExp(`^${source}$`, 'su')
  return (text) => regex.test(text)
}

/** null: a set without end, which matches nothing. */
function regexSource(chars: readonly string[]): string | null {
  let source = ''
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!
    if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else if (char === '[') {
      const set = setAt(chars, i + 1)
      if (!set) return null
      source += set.source
      i = set.last
    } else source += escaped(char)
  }
  return source
}

/** The set whose first character is at `start`; `last` is its closing bracket. */
function setAt(chars: readonly string[], start: number): { source: string; last: number } | null {
  const negated = chars[start] === '^'
  const first = negated ? start + 1 : start
  const members: string[] = []
  let previous: string | undefined
  let i = first
  for (; i < chars.length && (chars[i] !== ']' || i === first); i++) {
    const char = chars[i]!
    const upper = chars[i + 1]
    if (char === '-' && previous !== undefined && upper !== undefined && upper !== ']') {
      const ordered = codeOf(previous) <= codeOf(upper)
      if (ordered) members.push(`${escaped(previous)}-${escaped(upper)}`)
      previous = undefined
      i++
    } else {
      members.push(escaped(char))
      previous = char
    }
  }
  if (i >= chars.length) return null
  return { source: `[${negated ? '^' : ''}${members.join('')}]`, last: i }
}

const codeOf = (char: string): number => char.codePointAt(0) ?? 0

/** Every character by its number: nothing in a pattern can mean something to the regular expression. */
const escaped = (char: string): string => `\\u{${codeOf(char).toString(16)}}`
