import type { TraceEvent } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { KnownEntries } from '../../../packages/recorder/src/observers/known-entries.ts'
import { pageOf, PageSizes } from '../../../packages/recorder/src/observers/page-numbers.ts'
import { eventsOf, hex, type Lean } from '../../support/sample-run.ts'
import { BLOCK, PAGE, RW, RW_BLOCK, TABLE, VMALLOC } from '../check/script.ts'

const geometry = { pageShift: 12, vaBits: 48, levels: 4 }

const init = (level: string, value: bigint, count: number, step: bigint) => ({
  kind: 'init',
  level,
  va: hex(VMALLOC),
  new: hex(value),
  count,
  pa_step: hex(step),
})

const store = (level: string, va: bigint, value: bigint) => ({
  kind: 'desc_write',
  level,
  va: hex(va),
  old: '0x0',
  new: hex(value),
})

function known(...events: readonly Lean[]) {
  const entries = new KnownEntries(
    { source: 'engine', facts: {}, flavour: '7.3', geometry },
    new PageSizes(geometry),
  )
  const apply = (e: TraceEvent) => entries.apply(e)
  eventsOf(events).forEach(apply)
  return entries
}

describe('the entries that a run shows', () => {
  const at = pageOf(VMALLOC)

  test('a run of the start state is known entry by entry', () => {
    const entries = known(init('pte', RW, 2 ** 20, PAGE))
    const value = RW + 700_000n * PAGE
    const lo = Number(value & 0xffffffffn)
    const hi = Number(value >> 32n)
    expect(entries.slot('pte', at + 700_000)).toEqual({ lo, hi, seq: -1, cpu: 0 })
    expect(entries.slot('pte', at + 2 ** 20)).toBeUndefined()
  })

  test('a store is known with its event and CPU, also from a callback that reads it again', () => {
    const read = { kind: 'cb_enter', level: 'pte', fn: 'f', va: hex(VMALLOC), end: hex(VMALLOC) }
    const events = [
      { ...store('pte', VMALLOC, RW), cpu: 3 },
      { ...read, val: hex(RW), cpu: 1 },
    ]
    expect(known(...events.slice(0, 1)).slot('pte', at)).toMatchObject({ seq: 0, cpu: 3 })
    expect(known(...events).slot('pte', at)).toMatchObject({ seq: 1, cpu: 1 })
  })

  test('a page is translated by the first entry from above that is not a table', () => {
    const events: Lean[] = [init('pmd', RW_BLOCK, 1, BLOCK)]
    expect(known(...events).leafAt(at + 5)).toMatchObject({ level: 'pmd', page: at, pages: 512 })
    events.push(store('pmd', VMALLOC, TABLE))
    expect(known(...events).leafAt(at + 5)).toBeUndefined()
    events.push(store('pte', VMALLOC + 5n * PAGE, RW))
    expect(known(...events).leafAt(at + 5)).toMatchObject({
      level: 'pte',
      pages: 1,
      slot: { seq: 2 },
    })
    events.push(store('pmd', VMALLOC, 0n))
    expect(known(...events).leafAt(at + 5)).toBeUndefined()
  })

  test('after a gap nothing is known', () => {
    const entries = known(init('pte', RW, 1, PAGE))
    entries.forget()
    expect(entries.slot('pte', at)).toBeUndefined()
  })
})
