import { readFileSync } from 'node:fs'
import jsTokens from 'js-tokens'

/** A piece of English: a comment, a string that somebody reads, a paragraph of a document. */
export interface Prose {
  readonly line: number
  readonly text: string
}

/** What stands in backticks, names of files and functions, addresses, options and URLs are not English. */
const NOT_ENGLISH =
  /`[^`]*`|https?:\S+|\{@link [^}]*\}|@\w+|<[a-z/][^>]*>|--[\w-]+|\S*[_/\\=$~#<>|{}]\S*|\S+\(\)|\b\w*[0-9]\w*\b|\b[A-Z]?[a-z]+[A-Z]\w*\b/g

export const englishIn = (text: string): string => text.replace(NOT_ENGLISH, ' ; ')

/** The paragraphs of a document in Markdown, without code. */
export function proseOfMarkdown(file: string): Prose[] {
  const found: Prose[] = []
  let fenced = false
  const lines = readFileSync(file, 'utf8').split('\n')
  for (const [i, line] of lines.entries()) {
    if (/^ *```/.test(line)) fenced = !fenced
    else if (!fenced && !/^(?: {4}| {7})\S/.test(line) && line !== '')
      found.push({ line: i + 1, text: line.replace(/\]\([^)]*\)/g, ']') })
  }
  return paragraphs(found)
}

/** Lines that follow one another are one piece, so that a sentence is seen whole. */
function paragraphs(lines: readonly Prose[]): Prose[] {
  const whole: { line: number; text: string; last: number }[] = []
  for (const { line, text } of lines) {
    const before = whole.at(-1)
    if (before?.last === line - 1 && !/^[|#]|^ *[-·\d]/.test(text)) {
      before.text += `\n${text}`
      before.last = line
    } else whole.push({ line, text, last: line })
  }
  return whole
}

/** The comments of a source file, and the strings in it that are sentences or parts of one. */
export function proseOfSource(file: string): Prose[] {
  const found: Prose[] = []
  let line = 1
  for (const { type, value } of jsTokens(readFileSync(file, 'utf8'), { jsx: file.endsWith('x') })) {
    if (type.endsWith('Comment'))
      found.push({ line, text: value.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/)/gm, '') })
    else if (/^(?:StringLiteral|NoSubstitutionTemplate|Template\w+|JSXText)$/.test(type)) {
      const text = value.replace(/^['"`}]|['"`]$|\$\{$/g, '').replace(/\\[nt]/g, '\n')
      if (/[a-z]+ [a-z]+/.test(text)) found.push({ line, text })
    }
    line += value.split('\n').length - 1
  }
  return found
}
