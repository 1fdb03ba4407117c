import { LEAST, textWords } from '../bytes/literal.ts'
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts'
import { SLOTS } from '../translate/fields.ts'
import type { MetProbe } from '../translate/probe-table.ts'

/** Above the slots of those with a meaning, fields without one are counted: a bit each. */
export const FIRST_OTHER = 1 << SLOTS

/** The fields of a line, as they came one after the other. */
export interface FieldLayout {
  /** The words of ` key=` of each, one key after the other, and how many bytes that has. */
  readonly words: Int32Array
  readonly lengths: Int32Array
  /** The slots of their values; -1 for one without a meaning. */
  readonly slots: Int32Array
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
  const keys = parts.map((part) => part.slice(0, part.indexOf('=') + 1))
  const texts = keys.map((key) => encodeUtf8(` ${key}`))
  const isPlain = parts.every((part) => !part.startsWith('['))
  if (before !== '' || !isPlain || texts.some(({ length }) => length < LEAST)) return null
  const slots = keys.map((key) => slotOf(probe, key))
  let fields = 0
  let others = FIRST_OTHER
  for (const slot of slots) {
    fields |= slot < 0 ? others : 1 << slot
    if (slot < 0) others <<= 1
  }
  return {
    words: Int32Array.from(texts.flatMap((text) => [...textWords(text)])),
    lengths: Int32Array.from(texts, ({ length }) => length),
    slots: Int32Array.from(slots),
    fields,
  }
}

const slotOf = ({ keys }: MetProbe, key: string): number =>
  keys.find(({ bytes }) => `${decodeUtf8(bytes)}=` === key)?.slot ?? -1
