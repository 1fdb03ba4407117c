import { count } from '../event/quantity.ts'
import { escapeControls } from '../say/value.ts'

/** A piece of a page, escaped already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Value = Html | string | number | null | false | undefined | readonly Value[]

/** A template that escapes whatever is put into it, names of anybody's traces above all, unless it is {@link Html}. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const fixed = squeezed(parts)
  let text = fixed[0] ?? ''
  for (const [i, value] of values.entries()) text += textOf(value) + (fixed[i + 1] ?? '')
  return new Html(text)
}

/** The indentation of the source says nothing on the page. */
function squeezed(parts: TemplateStringsArray): readonly string[] {
  let known = cache.get(parts)
  if (!known) cache.set(parts, (known = parts.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'))))
  return known
}

const cache = new WeakMap<TemplateStringsArray, readonly string[]>()

function textOf(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(textOf).join('')
  const text = typeof value === 'number' ? count(value) : escapeControls(value)
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** A figure that can be looked up in the JSON of the same results. */
export const figure = (n: number | null): Html =>
  n === null
    ? html`?`
    : html`<data value="${new Html(String(n))}">${n < 0 ? `−${count(-n)}` : n}</data>`

/** A name, whose direction of writing stays its own. */
export const nameHtml = (text: string): Html => html`<bdi>${text}</bdi>`

/** Lines of what is set as it is. */
export const lines = (parts: readonly Value[]): Value[] =>
  parts.flatMap((part, i) => (i === 0 ? [part] : [new Html('\n'), part]))

export const join = (parts: readonly Value[], between: string): Value[] =>
  parts.flatMap((part, i) => (i === 0 ? [part] : [between, part]))

/** `1 pair`, `2,052 pairs`, of a figure. */
export const manyHtml = (n: number, what: string): Html =>
  html`${figure(n)} ${what}${n !== 1 && 's'}`

/** The same of a number that follows from what is listed, as the length of a list does. */
export const listed = (n: number, what: string): Html => html`${n} ${what}${n !== 1 && 's'}`
