import type xterm from '@xterm/headless'

/** Width and height of a cell, in user units. */
const CELL = { width: 8.4, height: 18 } as const
const MARGIN = 10
const INK = '#d4d4d4'
const PAPER = '#16181d'
/** The first sixteen colours of the palette; the rest are worked out as terminals do. */
const BASIC = [
  '#16181d',
  '#d16969',
  '#6a9955',
  '#d7ba7d',
  '#569cd6',
  '#c586c0',
  '#4ec9b0',
  '#d4d4d4',
  '#808080',
  '#f48771',
  '#89d185',
  '#e5c07b',
  '#75beff',
  '#d670d6',
  '#29b8db',
  '#ffffff',
] as const

function colourOf(index: number): string {
  const basic = BASIC[index]
  if (basic) return basic
  if (index >= 232) {
    const grey = (8 + (index - 232) * 10).toString(16).padStart(2, '0')
    return `#${grey}${grey}${grey}`
  }
  const steps = [0, 95, 135, 175, 215, 255]
  const n = index - 16
  const parts = [Math.floor(n / 36), Math.floor(n / 6) % 6, n % 6].map((i) => steps[i] ?? 0)
  return `#${parts.map((p) => p.toString(16).padStart(2, '0')).join('')}`
}

interface Style {
  readonly ink: string
  readonly paper: string
  readonly bold: boolean
  readonly faint: boolean
  readonly underline: boolean
}

function styleOf(cell: xterm.IBufferCell): Style {
  const ink = cell.isFgPalette() ? colourOf(cell.getFgColor()) : INK
  const paper = cell.isBgPalette() ? colourOf(cell.getBgColor()) : PAPER
  const inverse = cell.isInverse() !== 0
  return {
    ink: inverse ? paper : ink,
    paper: inverse ? ink : paper,
    bold: cell.isBold() !== 0,
    faint: cell.isDim() !== 0,
    underline: cell.isUnderline() !== 0,
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const round = (n: number): string => n.toFixed(1).replace(/\.0$/, '')

/** The screen of a terminal as a picture: text that can be searched and copied, no font but the reader's own. */
export function svgOf(term: xterm.Terminal, title: string): string {
  const { cols, rows } = term
  const [width, height] = [cols * CELL.width + 2 * MARGIN, rows * CELL.height + 2 * MARGIN]
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${PAPER}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
  ]
  for (let y = 0; y < rows; y++) parts.push(...lineOf(term, y))
  return `${parts.join('\n')}\n</g>\n</svg>\n`
}

function* lineOf(term: xterm.Terminal, y: number): Iterable<string> {
  const line = term.buffer.active.getLine(term.buffer.active.viewportY + y)
  if (!line) return
  let run: { from: number; text: string; style: Style } | null = null
  for (let x = 0; x <= term.cols; x++) {
    const cell = x < term.cols ? line.getCell(x) : undefined
    const style = cell ? styleOf(cell) : null
    if (run && style && JSON.stringify(style) === JSON.stringify(run.style)) {
      run.text += cell?.getChars() || ' '
      continue
    }
    if (run) yield* textOf(run, y)
    run = style && cell ? { from: x, text: cell.getChars() || ' ', style } : null
  }
}

function* textOf(run: { from: number; text: string; style: Style }, y: number): Iterable<string> {
  const { from, text, style } = run
  const [x, top] = [MARGIN + from * CELL.width, MARGIN + y * CELL.height]
  const size = [...text].length * CELL.width
  if (style.paper !== PAPER) {
    yield `<rect x="${round(x)}" y="${round(top)}" width="${round(size)}" height="${CELL.height}" fill="${style.paper}"/>`
  }
  if (text.trim() === '') return
  const looks = [
    ...(style.bold ? ['font-weight="bold"'] : []),
    ...(style.faint ? ['opacity="0.6"'] : []),
    ...(style.underline ? ['text-decoration="underline"'] : []),
  ]
  const place = `x="${round(x)}" y="${round(top + 13.5)}" textLength="${round(size)}" lengthAdjust="spacingAndGlyphs"`
  yield `<text ${[place, `fill="${style.ink}"`, ...looks].join(' ')} xml:space="preserve">${escaped(text)}</text>`
}
