import type { Kind, Run, RunFile } from '@pagetrail/recorder'
import type { Profile, ProfileCosts, ProfileQuery } from './data.ts'

/** Events read of each part; a part with more of them is judged by the first of these. */
const SAMPLE = 256

const COSTS: Readonly<Record<keyof ProfileCosts, readonly Kind[]>> = {
  calls: ['op_begin'],
  stores: ['desc_write'],
  barriers: ['barrier', 'dsb', 'isb'],
  flushes: ['tlb_flush', 'tlbi'],
  tables: ['table_alloc', 'table_free', 'split'],
}
const NAMES = Object.keys(COSTS) as readonly (keyof ProfileCosts)[]

/** What happened in equal parts of a stretch of a run: counted where a part is short, else estimated from its begin. */
export function profileOf(runFile: RunFile, run: Run, q: ProfileQuery): Profile {
  const length = q.to - q.from + 1
  const count = Math.max(1, Math.min(q.buckets, length))
  let exact = true
  const buckets = Array.from({ length: count }, (_, i): ProfileCosts => {
    const from = q.from + Math.floor((i * length) / count)
    const to = q.from + Math.floor(((i + 1) * length) / count) - 1
    const events = runFile.readPage(run, { from, to, limit: SAMPLE })
    const whole = events.length === to - from + 1
    if (!whole) exact = false
    const scale = whole ? 1 : (to - from + 1) / SAMPLE
    const costs = { calls: 0, stores: 0, barriers: 0, flushes: 0, tables: 0 }
    for (const { kind } of events) {
      const name = NAMES.find((cost) => COSTS[cost].includes(kind))
      if (name) costs[name] += scale
    }
    for (const name of NAMES) costs[name] = Math.round(costs[name])
    return costs
  })
  return { run: run.id, from: q.from, to: q.to, exact, buckets }
}
