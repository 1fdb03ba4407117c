import { LEVEL_NAMES, u64OfText } from '@pagetrail/engine'
import { KIND_NAMES } from '../event/kinds.ts'

/** Fields that hold names and free text. */
const TEXTS = ['fn', 'task', 'insn', 'event', 'fields', 'text', 'args'] as const

/** Whether a text is words to look for, and not an expression of the grammar. */
export const isPlainText = (text: string): boolean =>
  text.trim() !== '' && !/[=<>&|~!()"']/.test(text) && !/\sin\s/.test(text)

/**
 * The filter for events in which every one of these words can be read: in the name of a function, a task, an
 * instruction, in a note, an argument, or as a kind or a level; an address of 16 digits as an address.
 */
export const wordsFilter = (text: string): string =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => `(${wordFilter(word).join(' || ')})`)
    .join(' && ')

function wordFilter(word: string): string[] {
  const glob = `"*${[...word].map(eitherCase).join('')}*"`
  const lower = word.toLowerCase()
  const parts = TEXTS.map((field) => `${field} ~ ${glob}`)
  for (const kind of KIND_NAMES) if (kind.includes(lower)) parts.push(`kind == ${kind}`)
  for (const level of LEVEL_NAMES) if (level === lower) parts.push(`level == ${level}`)
  const address = u64OfText(word)
  if (address !== null) parts.push(`va == 0x${address.toString(16)}`)
  return parts
}

/** A letter in both cases, and what means something in a pattern as itself. */
function eitherCase(sign: string): string {
  const [lower, upper] = [sign.toLowerCase(), sign.toUpperCase()]
  if (lower !== upper && lower.length === 1 && upper.length === 1) return `[${lower}${upper}]`
  return /[*?[\]]/.test(sign) ? `[${sign}]` : sign
}
