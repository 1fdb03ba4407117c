import type { Json, TraceEvent } from '../../event/kinds.ts'
import type { Call, EventSource } from '../../event/run.ts'

/** Arguments that say where and how much, which the call's range says too. */
const PLACES: ReadonlySet<string> = new Set(['fn', 'addr', 'end', 'numpages', 'page', 'pfn'])

/**
 * What each call was asked for besides its range (`enable` of set_memory_valid), as text. Only functions whose first
 * call has such an argument are looked at: that costs a read of one event a call.
 */
export function callInputs(source: EventSource, calls: readonly Call[]): string[] {
  const asks = new Map<string, boolean>()
  return calls.map((call) => {
    if (asks.get(call.fn) === false) return ''
    const text = inputOf(source, call)
    if (!asks.has(call.fn)) asks.set(call.fn, text !== '')
    return text
  })
}

function inputOf(source: EventSource, call: Call): string {
  const args = argsOf(firstOf(source.events(call.first, call.first)))
  const rest = Object.entries(args).filter(([name]) => !PLACES.has(name))
  return rest.map(([name, value]) => `${name}=${numberText(value)}`).join(' ')
}

function argsOf(event: TraceEvent | undefined): { readonly [name: string]: Json } {
  if (event?.kind !== 'op_begin') return {}
  const { args } = event
  return typeof args === 'object' && args !== null && !isArray(args) ? args : {}
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Sources write a number as such or in hexadecimal. */
const numberText = (value: Json): string =>
  typeof value === 'string' && /^0x[\da-f]+$/i.test(value)
    ? BigInt(value).toString()
    : JSON.stringify(value)

function firstOf(events: Iterable<TraceEvent>): TraceEvent | undefined {
  for (const event of events) return event
  return undefined
}
