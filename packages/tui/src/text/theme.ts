import { type EventSort } from '@pagetrail/recorder'
import stringWidth from 'string-width'

/** What a piece of text means on the screen; a theme says how that looks. Every meaning also has a glyph or a word. */
export type Role = EventSort | 'key' | 'good' | 'match'

export interface Theme {
  readonly paint: (role: Role, text: string) => string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  /** Kept without colour: it is not one, and it shows the cursor. */
  readonly inverse: (text: string) => string
  /** Nothing but ASCII is drawn. */
  readonly ascii: boolean
  /** The text as this terminal can show it. */
  readonly draw: (text: string) => string
}

/** What stands for the signs of the screens where a terminal has ASCII only: one column each, but for a key's name. */
const SIGNS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['│┃┊', '|'],
    ['─━═╌┄', '-'],
    ['┌┐└┘├┤┬┴┼┏┓┗┛', '+'],
    ['▶▸›→⇄↔', '>'],
    ['◀‹←', '<'],
    ['▾▼↓', 'v'],
    ['▲↑', '^'],
    ['◆●', '*'],
    ['◇○·⋯…', '.'],
    ['≈', '~'],
    ['≠', '#'],
    ['≙', '='],
    ['✓', 'y'],
    ['✗✕×', 'x'],
    ['»', '>'],
    ['«', '<'],
    ['÷', '/'],
    ['µ', 'u'],
    ['⏎', 'Enter'],
    ['■', '='],
    ['⇧', '^'],
    ['⌫', '<'],
    ['▁▂', '.'],
    ['▃▄', 'o'],
    ['▅▆', 'O'],
    ['▇█▓', '#'],
    ['░▒', ':'],
  ].flatMap(([signs = '', ascii = '?']) => [...signs].map((sign) => [sign, ascii])),
)

const NOT_ASCII = /[^\x00-\x7f]/gu
const toAscii = (text: string): string =>
  text.replace(NOT_ASCII, (sign) => SIGNS[sign] ?? '?'.repeat(stringWidth(sign)))

/** Okabe-Ito, as 256-colour codes: distinct with every common kind of colour blindness. */
const WIDE: Readonly<Record<Role, string>> = {
  call: '1',
  walk: '38;5;33',
  callback: '39',
  write: '38;5;214',
  same: '2',
  barrier: '38;5;175',
  flush: '38;5;36',
  memory: '38;5;75',
  bad: '1;38;5;208',
  note: '3',
  key: '38;5;33',
  good: '38;5;36',
  match: '4;38;5;220',
}
const BASIC: Readonly<Record<Role, string>> = {
  ...WIDE,
  walk: '34',
  write: '33',
  barrier: '35',
  flush: '36',
  memory: '36',
  bad: '1;31',
  key: '34',
  good: '36',
  match: '4;33',
}
/** Attributes only. */
const PLAIN: Readonly<Record<Role, string>> = {
  call: '1',
  walk: '',
  callback: '',
  write: '',
  same: '2',
  barrier: '',
  flush: '',
  memory: '',
  bad: '1',
  note: '',
  key: '1',
  good: '',
  match: '4',
}

const sgr = (open: string) => (text: string) =>
  open === '' || text === '' ? text : `\x1b[${open}m${text}\x1b[0m`

function themeOf(table: Readonly<Record<Role, string>>, ascii = false): Theme {
  return {
    ascii,
    draw: ascii ? toAscii : (text) => text,
    paint: (role, text) => sgr(table[role])(text),
    bold: sgr('1'),
    dim: sgr('2'),
    inverse: sgr('7'),
  }
}

/** Only ASCII is safe: the Linux console and old terminals, and every locale that does not say UTF-8. */
function isAscii(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const known = locale !== '' && !/utf-?8/i.test(locale)
  return known || /^(linux|vt\d+|ansi)/.test(env['TERM'] ?? '')
}

/** The theme for an environment: NO_COLOR (set and not empty) wins, then what TERM promises. */
export function themeFor(env: Readonly<Record<string, string | undefined>>): Theme {
  const ascii = isAscii(env)
  if (env['NO_COLOR']) return themeOf(PLAIN, ascii)
  const rich = /256color|direct|kitty|ghostty|alacritty/.test(env['TERM'] ?? '') || env['COLORTERM']
  return themeOf(rich ? WIDE : BASIC, ascii)
}
