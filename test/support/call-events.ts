import { eventFromJson, type RunMeta, type RunWriter, type TraceEvent } from '@pagetrail/recorder'

/** Events that tests and the processes they start can make alike, without vitest. */

export const META: RunMeta = { label: 'test', source: 'jsonl', created: 1_700_000_000_000 }

const HEX = 16
/** Calls of `pages` pages each, as a writer records them: enough kinds, names and words to notice damage. */
export function callEvents(calls: number, pages = 4, firstOp = 0): TraceEvent[] {
  const events: TraceEvent[] = []
  const add = (op: number, nest: number, fields: object) =>
    events.push(
      eventFromJson({
        seq: events.length,
        cpu: op % 2,
        op,
        nest,
        task: `insmod-${op % 3}`,
        ...fields,
      }),
    )
  for (let op = firstOp; op < firstOp + calls; op++) {
    const base = 0xffff_8000_8000_0000n + BigInt(op * pages) * 4096n
    const va = (page: number) => `0x${(base + BigInt(page) * 4096n).toString(HEX)}`
    const range = { va: va(0), end: va(pages) }
    add(op, 0, {
      kind: 'op_begin',
      fn: 'set_memory_ro',
      ...range,
      args: { addr: va(0), numpages: pages },
    })
    for (let page = 0; page < pages; page++) {
      const at = { level: 'pte', va: va(page) }
      add(op, 1, { kind: 'desc_write', ...at, old: '0xe8000500040703', new: '0xe0000500040783' })
      add(op, 1, { kind: 'barrier' })
    }
    add(op, 0, { kind: 'op_end', fn: 'set_memory_ro', ret: 0 })
  }
  return events
}

export function append(writer: RunWriter, events: readonly TraceEvent[]): void {
  for (const event of events) writer.append(event)
}
