import type { Model } from '../model/model.ts'
import { type AnyBinding, bindingsOf } from './keys.ts'

/** A line of the list of keys: the name of a place, or what a key does there. */
export type HelpLine =
  | { readonly line: 'place'; readonly name: string }
  | { readonly line: 'binding'; readonly binding: AnyBinding }

const PLACES: Readonly<Record<string, string>> = { anywhere: 'everywhere', list: 'lists' }

/** The keys of the present screen that have what is typed in their sentence, or are that key. */
export function helpLines(m: Model): readonly HelpLine[] {
  const filter = m.help?.filter ?? ''
  const wanted = bindingsOf(m.screen).filter((b) => matchesHelp(b, filter))
  const lines: HelpLine[] = []
  let place = ''
  for (const binding of wanted) {
    if (binding.place !== place) {
      place = binding.place
      lines.push({ line: 'place', name: PLACES[place] ?? place })
    }
    lines.push({ line: 'binding', binding })
  }
  return lines
}

const matchesHelp = (b: AnyBinding, filter: string): boolean =>
  filter === '' ||
  b.help.toLowerCase().includes(filter.toLowerCase()) ||
  b.keys.some((k) => k === filter)

/** The cursor on a line near another one that says what a key does; `step`: the direction in which to look. */
export function nearBinding(lines: readonly HelpLine[], wanted: number, step: 1 | -1): number {
  const at = Math.max(0, Math.min(lines.length - 1, wanted))
  const indexes = lines.flatMap(({ line }, i) => (line === 'binding' ? [i] : []))
  const ahead = step === 1 ? indexes.find((i) => i >= at) : indexes.findLast((i) => i <= at)
  return ahead ?? (step === 1 ? indexes.at(-1) : indexes[0]) ?? 0
}

/** The list of keys with what is typed, its cursor on the first of them. */
export function openHelp(m: Model, filter: string): Model {
  const open = { ...m, help: { filter, cursor: 0 } }
  return { ...open, help: { filter, cursor: nearBinding(helpLines(open), 0, 1) } }
}
