import { hexOfWords } from '@pagetrail/engine'

/**
 * What the fields of probes mean. A probe's field is read into the slot of its meaning, whatever the probe calls it, so
 * that one handler serves all probes of a role.
 */
export const F_VA = 0
export const F_END = 1

/** Bytes. */
export const F_SIZE = 2
export const F_PAGES = 3
export const F_SET = 4
export const F_CLEAR = 5

/** A descriptor, or a 64-bit return value. */
export const F_VAL = 6

/** Address of the page-table entry. */
export const F_SLOT = 7
export const F_RET = 8
export const F_OLD = 9
export const F_NEW = 10
export const F_COUNT = 11

/** Operand of a TLBI. */
export const F_OPERAND = 12

/** What has no meaning to Pagetrail beyond being an argument. */
export const F_ARG0 = 13
export const F_ARG1 = 14
export const F_ARG2 = 15

/** The flag that a lazy-MMU probe tests or sets. */
export const F_MASK = 16
export const SLOTS = 17

/** What a return prints again of its entry: two halves that differ in one of these are not of one call. */
const IDENTITY: readonly number[] = [F_VA, F_END, F_SIZE, F_PAGES, F_SLOT, F_ARG0]

/** Values by the slots of their meaning, two words each. */
export class Slots {
  readonly lo = new Uint32Array(SLOTS)
  readonly hi = new Uint32Array(SLOTS)
  /** Bit i set: slot i was given. */
  present = 0

  has(slot: number): boolean {
    return ((this.present >> slot) & 1) === 1
  }
}

/** The fields of one event, as numbers in the slots of their meaning; reused from event to event. */
export abstract class EventFields extends Slots {
  /** The low word as a signed number: what an `s32` field holds. */
  int(slot: number): number {
    return this.lo[slot]! | 0
  }

  /** In how many of its identifying fields this event agrees with another's values; -1 where one differs. */
  agreement(other: Slots): number {
    const both = this.present & other.present
    let agreed = 0
    for (const slot of IDENTITY) {
      if (((both >> slot) & 1) === 0) continue
      if (this.lo[slot] !== other.lo[slot] || this.hi[slot] !== other.hi[slot]) return -1
      agreed++
    }
    return agreed
  }

  /** The slot as `0x…`. */
  hex(slot: number): string {
    return hexOfWords(this.lo[slot]!, this.hi[slot]!)
  }

  /** All fields of the event as they were printed, as JSON text. */
  abstract toJson(): string

  /** The text of a trace marker, as JSON text. */
  abstract noteJson(): string
}

/** Where a probe is: `(place <- caller)`, or its raw fields of that. */
const PLACE = /^(?:\([^)]*\)|__probe_ip=\S+|__probe_func=\S+ __probe_ret_ip=\S+)(?: |$)/

/** The fields of an event as printed, as JSON text: by name where they have names, else as one text. */
export function fieldsJson(text: string): string {
  const place = PLACE.exec(text)?.[0]
  if (place === undefined) return JSON.stringify(text === '' ? {} : { text })
  const fields: [string, string][] = []
  for (const part of text.slice(place.length).split(' ')) {
    const equals = part.indexOf('=')
    if (part === '') continue
    if (equals <= 0) return JSON.stringify({ text })
    fields.push([part.slice(0, equals), part.slice(equals + 1)])
  }
  return JSON.stringify(Object.fromEntries(fields))
}

/** Who wrote it, where that says nothing: a marker's own function, or an address that no symbol is known of. */
const WRITER = /^(?:tracing_mark_write|0x[0-9a-f]+): /

/** A text of the kind note, as JSON text: trace-cmd puts the function before it that wrote it. */
export const noteJson = (text: string): string =>
  JSON.stringify(text.replace(WRITER, '').replace(/\n$/, ''))
