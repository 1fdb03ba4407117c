import type { JsonObject } from '../../event/codec.ts'
import type { Json } from '../../event/kinds.ts'

/** Fields that stand first in a line, in this order, without their names. */
const PLAIN = ['level', 'fn', 'event', 'insn', 'type', 'api', 'mode', 'reason'] as const
/** Fields that a line of a comparison leaves out. */
const HIDDEN: ReadonlySet<string> = new Set([
  'seq',
  'cpu',
  'op',
  'kind',
  'nest',
  'ts',
  'task',
  'args',
  'fields',
  'slot',
  'by',
  'operand',
  'va',
  'end',
  'old',
  'new',
  'val',
  ...PLAIN,
])

/** An event in one line: `4 walk_begin apply_to_page_range ffff00000de01000 +0x1000`. */
export function eventText(event: JsonObject): string {
  const parts = [`${event['seq']}`, `${event['kind']}`]
  for (const name of PLAIN) {
    const value = event[name]
    // An inner function where the event was seen adds nothing beside the kind.
    if (typeof value === 'string' && !(name === 'fn' && HAS_PLACE.has(`${event['kind']}`)))
      parts.push(value)
  }
  const range = rangeText(event['va'], event['end'])
  if (range !== '') parts.push(range)
  if (event['old'] !== undefined && event['new'] !== undefined) {
    parts.push(`${event['old']} → ${event['new']}`)
  }
  for (const [name, value] of Object.entries(event)) {
    if (HIDDEN.has(name) || value === null) continue
    parts.push(`${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
  }
  return parts.join(' ')
}

const HAS_PLACE: ReadonlySet<string> = new Set([
  'lazy_mmu_enter',
  'lazy_mmu_leave',
  'barrier_queue',
  'barrier',
  'dsb',
  'isb',
])

function rangeText(va: Json | undefined, end: Json | undefined): string {
  if (typeof va !== 'string') return ''
  const start = va.slice(2)
  if (typeof end !== 'string') return start
  return `${start} +0x${BigInt.asUintN(64, BigInt(end) - BigInt(va)).toString(16)}`
}
