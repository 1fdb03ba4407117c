/** Text for a grid of cells. All of it is one column wide: what comes from traces goes through {@link safe} first. */

const ESCAPE = /\x1b\[[0-9;]*m/g
const UNSAFE = /[^\x20-\x7e]/gu

/** Text of unknown origin, with everything that is not printable ASCII written as an escape. */
export function safe(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.codePointAt(0) ?? 0
    if (code === 0x0a) return '\\n'
    if (code === 0x09) return ' '
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** Columns taken: styles take none. */
export const width = (text: string): number => text.replace(ESCAPE, '').length

export const plain = (text: string): string => text.replace(ESCAPE, '')

/** The text in exactly this many columns: blanks added, or the end replaced by `…`. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return ''
  const w = width(text)
  if (w === columns) return text
  if (w < columns) return text + ' '.repeat(columns - w)
  return cut(text, columns - 1) + '…'
}

/** Right-aligned in this many columns. */
export function fitEnd(text: string, columns: number): string {
  const w = width(text)
  return w >= columns ? fit(text, columns) : ' '.repeat(columns - w) + text
}

/** The first columns of a text, its styles closed. */
export function cut(text: string, columns: number): string {
  let out = ''
  let left = columns
  let styled = false
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith('\x1b[')) {
      styled = part !== '\x1b[0m'
      out += part
    } else if (left > 0) {
      out += part.slice(0, left)
      left -= part.length
    }
    if (left <= 0) break
  }
  return styled ? `${out}\x1b[0m` : out
}

/** `left` and `right` at the two ends of a line; `left` gives way. */
export function spread(left: string, right: string, columns: number): string {
  const w = width(right)
  if (w + 4 > columns) return fit(left, columns)
  return fit(left, columns - w) + right
}

/** 10000 as `10,000`. */
export const count = (n: number | bigint): string => n.toString().replace(/\B(?=(\d{3})+$)/g, ',')

/** A number with its noun: `1 event`, `2 events`. */
export const many = (n: number, noun: string, plural = `${noun}s`): string =>
  `${count(n)} ${n === 1 ? noun : plural}`

/** A 64-bit value as people read it: 16 digits without prefix; `?` where unknown. */
export const hex = (v: bigint | null | undefined): string =>
  v === null || v === undefined ? '?' : v.toString(16).padStart(16, '0')

/** Nanoseconds with the unit that suits them. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`
  if (ns < 1_000_000) return `${(ns / 1e3).toFixed(1)} µs`
  if (ns < 1_000_000_000) return `${(ns / 1e6).toFixed(3)} ms`
  return `${(ns / 1e9).toFixed(3)} s`
}

/** Words wrapped into lines of this width. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
    while (line.length > columns) {
      lines.push(line.slice(0, columns))
      line = line.slice(columns)
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}
