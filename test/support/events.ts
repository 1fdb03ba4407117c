import { LEVEL_NAMES } from '@pagetrail/engine'
import {
  type Field,
  fieldsOf,
  type Json,
  type Kind,
  KIND_NAMES,
  nestOf,
  type TraceEvent,
} from '@pagetrail/recorder'
import * as fc from 'fast-check'

/** Arbitrary events of every kind, with values at the edges of their types. */

const EDGES = [
  0n,
  1n,
  0xfffn,
  0x1000n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  0xffff_8000_8000_0000n,
  0xe8_0005_0004_0703n,
]
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom(...EDGES))
const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -22, 0x7fff_ffff, -0x8000_0000))
const name = fc.oneof(
  fc.constantFrom('set_memory_ro', 'change_page_range', 'vaale1is', 'insmod-71', 'a[b]*?'),
  fc.string({ maxLength: 12 }),
)
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)

function valueOf(field: Field): fc.Arbitrary<bigint | Json> {
  switch (field.type) {
    case 'u64':
    case 'end':
      return u64
    case 'int':
      return int32
    case 'depth':
      return fc.integer({ min: 0, max: 3 })
    case 'bool':
      return fc.boolean()
    case 'level':
      return fc.constantFrom(...LEVEL_NAMES)
    case 'enum':
      return fc.constantFrom(...(field.values ?? []))
    case 'name':
      return name
    case 'json':
      return json.filter((value) => value !== null)
  }
}

export function eventOfKind(kind: Kind): fc.Arbitrary<TraceEvent> {
  const fields: Record<string, fc.Arbitrary<bigint | Json | undefined>> = {}
  for (const [name, field] of fieldsOf(kind)) {
    const missing = field.optional ? undefined : null
    fields[name] = fc.option<bigint | Json, null | undefined>(valueOf(field), { nil: missing })
  }
  return fc
    .record({
      seq: fc.nat(),
      cpu: fc.nat(7),
      op: fc.option(fc.nat(100)),
      nest: fc.nat(9),
      ts: fc.option(fc.maxSafeNat()),
      task: fc.option(name),
      fields: fc.record(fields),
      more: fc.option(more, { nil: {}, freq: 4 }),
    })
    .map(({ fields, more, ...common }): TraceEvent => {
      const present = Object.entries(fields).filter(([, value]) => value !== undefined)
      const event: object = Object.assign(common, { kind }, more, Object.fromEntries(present))
      return covered(event as TraceEvent)
    })
}

/** What a producer may add to any event. */
const more = fc
  .record({
    src: fc.option(fc.constantFrom('pageattr.c:123', 'a "b".c:1'), { nil: undefined }),
    free: fc.option(
      fc.dictionary(
        fc.constantFrom('x_pc', 'x_Line2'),
        fc.oneof(fc.integer(), name, json).filter((value) => value !== null),
        { minKeys: 1 },
      ),
      { nil: undefined },
    ),
  })
  .map((values) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
  )

/** A range TLBI with the number of pages that its operand covers: another one is refused. */
function covered(event: TraceEvent): TraceEvent {
  if (event.kind !== 'tlbi' || event.scale === null || event.num === null) return event
  const [scale, num] = [event.scale & 3, event.num & 31]
  return { ...event, scale, num, pages: (num + 1) * 2 ** (5 * scale + 1) }
}

export const anyEvent: fc.Arbitrary<TraceEvent> = fc.oneof(...KIND_NAMES.map(eventOfKind))

/** Numbers events from 0 and gives them the depth that their kinds make: what a recorder does. */
export function inOrder(events: readonly TraceEvent[]): TraceEvent[] {
  let depth = 0
  return events.map((event, seq) => {
    const move = nestOf(event.kind)
    if (move < 0 && depth > 0) depth--
    const nest = depth
    if (move > 0) depth++
    return Object.assign({}, event, { seq, nest })
  })
}
