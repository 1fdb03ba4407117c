import { Literal } from '../bytes/literal.ts'
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts'
import { SLOTS } from '../translate/fields.ts'
import type { MetProbe } from '../translate/probe-table.ts'

/** Above the slots of those with a meaning, fields without one are counted: a bit each. */
export const FIRST_OTHER = 1 << SLOTS

/** The fields of a line, as they came one after the other. */
export interface FieldLayout {
  /** ` key=` and the slot of its value; -1 for one without a meaning. */
  readonly keys: readonly { readonly text: Literal; readonly slot: number }[]
  /** Which fields these are, as in LineShape. */
  readonly fields: number
}

/** Of ` key=value key=value …` that TextFields has read; null where it is written in another way. */
export function layoutOf(
  probe: MetProbe,
  bytes: Uint8Array,
  at: number,
  end: number,
): FieldLayout | null {
  const [before, ...parts] = decodeUtf8(bytes, at, end).split(' ')
  if (before !== '') return null
  const keys: FieldLayout['keys'][number][] = []
  let fields = 0
  let others = FIRST_OTHER
  for (const part of parts) {
    const key = part.slice(0, part.indexOf('=') + 1)
    const text = encodeUtf8(` ${key}`)
    if (part.startsWith('[') || text.length < Literal.LEAST) return null
    const slot = slotOf(probe, key)
    keys.push({ text: new Literal(text), slot })
    fields |= slot < 0 ? others : 1 << slot
    if (slot < 0) others <<= 1
  }
  return { keys, fields }
}

const slotOf = ({ keys }: MetProbe, key: string): number =>
  keys.find(({ bytes }) => `${decodeUtf8(bytes)}=` === key)?.slot ?? -1
