import { helpLines } from '../commands/help.ts'
import { keyGlyph } from '../commands/keys.ts'
import type { Message, Model } from '../model/model.ts'
import { matches } from '../commands/palette.ts'
import { choicesOf } from '../commands/prompt-commands.ts'
import type { Prompt } from '../model/prompt.ts'
import { scenarioSentence } from '../commands/recording.ts'
import { scrolled } from '../model/scroll.ts'
import { QUERY_LINES } from '../model/sql.ts'
import { fit, fitEnd, safe, wrap } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { Theme } from '../text/theme.ts'
import type { PaneView } from './pane.tsx'

/** A pane drawn over the screen. */
interface OverlayView {
  readonly top: number
  readonly left: number
  readonly of: PaneView
}

export function overlayOf(m: Model, theme: Theme): OverlayView | null {
  if (m.help) return helpOverlay(m, theme)
  const { message } = m
  if (message && (m.prompt || width(message.text) + 2 > m.columns))
    return messageOverlay(m, message)
  if (m.prompt) return choicesOverlay(m, theme)
  return null
}

const OVER = { name: 'overlay' } as const

/** A message that the status line has no room for. */
function messageOverlay(m: Model, { text, bad }: Message): OverlayView {
  const columns = m.columns - 4
  const lines = wrap(safe(text), columns - 4).slice(0, Math.max(1, m.rows - 8))
  const height = lines.length + 2
  const named = {
    title: bad ? 'This did not work' : 'Message',
    foot: 'press any key',
    focused: bad,
  }
  const rows = lines.map((line) => ` ${line}`)
  return {
    top: Math.max(1, m.rows - height - 2),
    left: 2,
    of: { ...OVER, ...named, columns, height, rows },
  }
}

const KEY_COLUMNS = 10

/** All keys of the screen, from the key table; ⏎ does what the line under the cursor says. */
function helpOverlay(m: Model, theme: Theme): OverlayView {
  const columns = Math.min(96, m.columns - 4)
  const height = Math.min(m.rows - 4, 30)
  const inner = columns - 2
  const { filter = '', cursor = 0 } = m.help ?? {}
  const all = helpLines(m)
  const rows = height - 2
  // The heading of a place stays in sight with its first key.
  const top = scrolled(0, cursor <= 1 ? 0 : cursor, rows, all.length)
  const lines = all.slice(top, top + rows).map((line, i) => {
    if (line.line === 'place') return theme.bold(fit(` ${line.name}`, inner))
    const { keys, help } = line.binding
    const glyphs = fit(keys.map((key) => keyGlyph(key, theme.ascii)).join(' '), KEY_COLUMNS)
    return top + i === cursor
      ? theme.inverse(fit(` ▶ ${glyphs} ${help}`, inner))
      : `   ${theme.paint('key', glyphs)} ${help}`
  })
  if (lines.length === 0) lines.push(theme.dim('   no key of this screen does that'))
  const shown = `${top + 1}-${Math.min(all.length, top + rows)} of ${all.length}`
  const title = filter === '' ? 'Keys (type to filter)' : `Keys: ${safe(filter)}`
  return {
    top: Math.max(1, (m.rows - height) >> 1),
    left: (m.columns - columns) >> 1,
    of: {
      ...OVER,
      columns,
      height,
      title,
      foot: all.length > rows ? shown : '',
      focused: true,
      rows: lines,
    },
  }
}

/** Rows below the panes: the status and the keys; rows of a border. */
const STATUS = 2
const BORDERS = 2

/** Rows of the palette at once. */
const PALETTE_ROWS = 9

function choicesOverlay(m: Model, theme: Theme): OverlayView | null {
  const p = m.prompt
  if (!p) return null
  if (p.kind === 'command') return paletteOverlay(m, theme)
  const all = choicesOf(m)
  // The status and the keys below stay to be seen.
  const choices = all.slice(0, Math.max(1, m.rows - STATUS - BORDERS - topOf(m, p, 0)))
  if (choices.length === 0) return null
  const names = Math.max(14, ...choices.map((c) => c.length))
  const texts = choices.map((c) =>
    p.kind === 'record' ? `${fit(c, names)}  ${scenarioSentence(c)}` : c,
  )
  const columns = Math.min(m.columns - 4, Math.max(...texts.map((t) => t.length)) + 4)
  const lines = texts.map((t, i) => (i === 0 ? theme.bold(` ${t}`) : ` ${t}`))
  const height = choices.length + BORDERS
  const foot = choices.length < all.length ? `${choices.length} of ${all.length}` : ''
  const left = Math.max(1, Math.min(m.columns - columns - 1, p.at + 2))
  return {
    top: topOf(m, p, height),
    left,
    of: { ...OVER, columns, height, title: 'Tab', foot, rows: lines },
  }
}

/** Beside the line that is being typed: below the filter bar and the query, above the status line. */
function topOf(m: Model, p: Prompt, height: number): number {
  if (p.kind === 'sql') return QUERY_LINES + 4
  return p.kind === 'record' && height > 0 ? Math.max(1, m.rows - STATUS - height) : 2
}

function paletteOverlay(m: Model, theme: Theme): OverlayView | null {
  const p = m.prompt
  if (!p) return null
  const found = matches(p.text, m.screen)
  const columns = Math.min(84, m.columns - 4)
  const inner = columns - 2
  const top = Math.max(0, p.chosen - PALETTE_ROWS + 1)
  const lines = found.slice(top, top + PALETTE_ROWS).map((b, i) => {
    const keys = b.keys.map((key) => keyGlyph(key, theme.ascii)).join(' ')
    const line = fit(` ${fit(b.id, 16)} ${b.help}`, inner - 12) + fitEnd(keys, 11) + ' '
    return top + i === Math.max(0, p.chosen) && p.text !== '' ? theme.inverse(line) : line
  })
  if (/^[\d,_.]+\s*(%|[nmuµ]?s)?$/.test(p.text.trim()))
    lines.splice(0, lines.length, ' ⏎ goes to this event, share of the run, or moment')
  if (lines.length === 0) lines.push(theme.dim(' no command matches'))
  const height = lines.length + 2
  const named = { title: 'Commands', foot: '1234  50%  12.5ms go there' }
  return {
    top: Math.max(1, m.rows - lines.length - 5),
    left: 1,
    of: { ...OVER, ...named, columns, height, rows: lines },
  }
}
