import { KINDS, type Run, type RunFile } from '@pagetrail/recorder'
import type { Density } from './data.ts'

/** Events read of each part of a run. */
const SAMPLE = 64

/** Kinds that change or promise something: what one looks for on a timeline. */
const WEIGHTY: ReadonlySet<string> = new Set([
  'desc_write',
  'tlb_flush',
  'tlbi',
  'split',
  'table_alloc',
  'table_free',
  'warn',
  'livelock',
  'bug',
  'access',
] satisfies (keyof typeof KINDS)[])

/** The share of weighty events in samples from equal parts of the run; cheap however long the run is. */
export function sampleDensity(runFile: RunFile, run: Run, buckets: number): Density {
  const parts = Math.min(buckets, run.events)
  const levels: number[] = []
  for (let i = 0; i < parts; i++) {
    const from = Math.floor((i * run.events) / parts)
    const to = Math.floor(((i + 1) * run.events) / parts) - 1
    const rows = runFile.readPage(run, { from, to, limit: SAMPLE })
    const heavy = rows.filter((e) => WEIGHTY.has(e.kind)).length
    levels.push(rows.length === 0 ? 0 : heavy / rows.length)
  }
  const most = Math.max(0.01, ...levels)
  return { run: run.id, total: run.events, levels: levels.map((l) => l / most) }
}
