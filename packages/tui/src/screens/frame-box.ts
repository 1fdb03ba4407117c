import { cut, fit, width } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'

export interface Pane {
  readonly columns: number
  /** With the borders. */
  readonly height: number
  readonly title: string
  /** In the lower border, at the right. */
  readonly foot?: string
  /** A heavy border: the keys work here. */
  readonly focused?: boolean
}

const LIGHT = { h: '─', v: '│', tl: '┌', tr: '┐', bl: '└', br: '┘' } as const
const HEAVY = { h: '━', v: '┃', tl: '┏', tr: '┓', bl: '┗', br: '┛' } as const

/** Lines in a border, cut and filled to its size. The border shows the focus by its weight, without colour. */
export function boxed(theme: Theme, pane: Pane, lines: readonly string[]): string[] {
  const b = pane.focused ? HEAVY : LIGHT
  const edge = (text: string) => (pane.focused ? text : theme.dim(text))
  const inner = pane.columns - 2
  const title = pane.title === '' ? '' : ` ${cut(pane.title, inner - 4)} `
  const foot = pane.foot ? ` ${cut(pane.foot, inner - 4)} ` : ''
  const top = `${edge(b.tl + b.h)}${theme.bold(title)}${edge(b.h.repeat(inner - 1 - width(title)) + b.tr)}`
  const bottom = `${edge(b.bl + b.h.repeat(inner - 1 - width(foot)))}${theme.dim(foot)}${edge(b.h + b.br)}`
  const side = edge(b.v)
  const rows: string[] = [top]
  for (let i = 0; i < pane.height - 2; i++) rows.push(side + fit(lines[i] ?? '', inner) + side)
  rows.push(bottom)
  return rows
}
