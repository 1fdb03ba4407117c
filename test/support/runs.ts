import { join } from 'node:path'
import {
  type EventSource,
  importFile,
  memorySource,
  openRuns,
  recordScenario,
  type Run,
  type TraceEvent,
} from '@pagetrail/recorder'

import { AREA, hex, KERNEL_RW, SAMPLE_RUN } from './sample-run.ts'

/** A run in memory with these events, numbered anew. */
export function runOf(events: readonly TraceEvent[], fields: Partial<Run> = {}): EventSource {
  const numbered = events.map((event, seq) => Object.assign({}, event, { seq }))
  return memorySource({ ...SAMPLE_RUN, events: events.length, ...fields }, numbered)
}

/** Calls on a vmalloc area of mapped pages with their linear alias, as a scenario in the corpus's form. */
export function pagesScenario(pages: number, calls: readonly object[], rodataFull = 1): object {
  const size = hex(BigInt(pages + 1) * 0x1000n)
  const init = [AREA, 0xffff_0001_0004_0000n].map((va) => ({
    va: hex(va),
    level: 'pte',
    desc: hex(KERNEL_RW | 0x5_0004_0000n),
    count: pages,
    pa_step: '0x1000',
  }))
  return {
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: rodataFull },
    init,
    areas: [{ start: hex(AREA), size, pages: [{ pfn: '0x500040', count: pages }] }],
    calls,
  }
}

/** The scenario recorded on the engine in each flavour. */
export async function engineRuns(
  scenario: object,
  ...flavours: readonly string[]
): Promise<EventSource[]> {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  return flavours.map((flavour) => {
    const { run } = recordScenario(runFile, scenario, { flavour, name: 'scenario', created: 7 })
    return runFile.source(run)
  })
}

/** Captures of real kernels, imported. */
export async function captures(...files: readonly string[]): Promise<EventSource[]> {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const sources: EventSource[] = []
  for (const file of files) {
    const { run } = await importFile(runFile, file, { created: 7 })
    sources.push(runFile.source(runFile.find(run)))
  }
  return sources
}

/** A capture that comes with the tests. */
export const fixture = (name: string): string =>
  join(import.meta.dirname, '..', 'fixtures', 'traces', name)
