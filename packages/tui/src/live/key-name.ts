import type { Key } from 'ink'

const NAMED = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const

/** What was pressed: a named key (`up`, `ctrl+d`, `shift+tab`), or printable text. */
export type Pressed =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'text'; readonly text: string }
  | null

export function pressed(input: string, key: Key): Pressed {
  if (key.eventType === 'release') return null
  for (const [flag, name] of NAMED) {
    if (!key[flag]) continue
    const alt = key.meta && name !== 'esc' ? 'alt+' : ''
    return {
      type: 'key',
      key: `${alt}${key.shift ? 'shift+' : ''}${key.ctrl ? 'ctrl+' : ''}${name}`,
    }
  }
  if (input === '\r' || input === '\n') return { type: 'key', key: 'enter' }
  if (input === '') return null
  if (key.ctrl) return { type: 'key', key: `ctrl+${input}` }
  if (key.meta) return { type: 'key', key: `alt+${input}` }
  return /^[^\x00-\x1f\x7f]+$/.test(input) ? { type: 'text', text: input } : null
}
