import type { Diff, Side } from '../diff/result.ts'
import { html, type Html, nameHtml } from './html.ts'

/** How the sides are called on a page: by what distinguishes them, in the colour of each. */
export interface SideNames {
  readonly left: Html
  readonly right: Html
  readonly plain: { readonly left: string; readonly right: string }
  /** The sides with their names, where they have one of their own. */
  readonly full: { readonly left: Html; readonly right: Html }
}

/** The kernel, else the code that was run, else the run's label. */
export function sideNames({ left, right }: Pick<Diff, 'left' | 'right'>): SideNames {
  const ways: readonly ((side: Side) => string | null)[] = [
    ({ kernel }) => kernel,
    ({ source, flavour }) => (source === 'module' ? null : flavour),
    ({ label }) => label.split('/').at(-1) ?? null,
    ({ label }) => label,
    ({ id, label }) => `${label} (run ${id})`,
  ]
  for (const way of ways) {
    const [a, b] = [way(left), way(right)]
    if (a !== null && b !== null && a !== '' && b !== '' && a !== b) return named(a, b)
  }
  const { left: one, right: other, plain } = named('left', 'right')
  return { left: one, right: other, plain, full: { left: one, right: other } }
}

function named(left: string, right: string): SideNames {
  const one = html`<b class="l">${nameHtml(left)}</b>`
  const other = html`<b class="r">${nameHtml(right)}</b>`
  const full = { left: html`left ${one}`, right: html`right ${other}` }
  return { left: one, right: other, plain: { left, right }, full }
}
