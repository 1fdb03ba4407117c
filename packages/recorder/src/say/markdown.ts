import { escapeControls } from './value.ts'

/** Names of anybody's as text of Markdown; what stands within a word, as in `set_memory_ro`, means nothing there. */
export const markdownText = (text: string): string =>
  escapeControls(text).replaceAll(/[\\`*<[\]&]/g, '\\$&')

/** The same as a cell of a table. */
export const markdownCell = (text: string): string => markdownText(text).replaceAll('|', '\\|')

/** The same within a line of code. */
export function markdownCode(name: string): string {
  const text = escapeControls(name)
  const ticks = '`'.repeat(longestTicks(text) + 1)
  return ticks.length === 1 ? `\`${text}\`` : `${ticks} ${text} ${ticks}`
}

/** Lines as they are, in a block that none of them ends. */
export function fenced(language: string, texts: readonly string[]): string[] {
  const lines = texts.map(escapeControls)
  const fence = '`'.repeat(Math.max(3, longestTicks(lines.join('\n')) + 1))
  return [`${fence}${language}`, ...lines, fence]
}

const longestTicks = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
