import { join } from 'node:path'
import { openRuns } from '@pagetrail/recorder'
import { folder } from './cli.ts'
import { AREA, eventsOf, hex, initOf, KERNEL_RW, type Lean, PAGE } from './sample-run.ts'
import { SAMPLE } from './sample-trace.ts'
import { sessionOn } from './session.ts'

const RDONLY = 0x80n
const PXN = 1n << 53n
const AF = 0x400n
const ADDRESS = 0x5_0004_0000n

const on = (cpu: number, fields: Lean): Lean => ({ cpu, op: cpu, ...fields })

/** Depths are those of each CPU: calls, and what happens in them. */
const nestOf = (kind: string): number => (kind.startsWith('desc_') ? 1 : 0)

/** Three CPUs that read and store one entry in turn: the last two derive from what the first had not stored yet. */
export async function threeCpus(columns: number, rows: number) {
  const db = join(folder(), 'three.db')
  const runFile = await openRuns(db, { mode: 'write' })
  const writer = runFile.startRun({ ...SAMPLE, label: 'three CPUs' })
  const at = { level: 'pte', va: hex(AREA) }
  const old = KERNEL_RW | ADDRESS
  const names = ['set_memory_ro', 'set_memory_nx', 'set_memory_x'] as const
  const range = { va: hex(AREA), end: hex(AREA + PAGE), args: { addr: hex(AREA), numpages: 1 } }
  const all = (f: (cpu: number) => Lean) => [0, 1, 2].map((cpu) => on(cpu, f(cpu)))
  const after = [old | RDONLY, old ^ PXN, old ^ AF]
  const events: Lean[] = [
    { ...initOf(1), op: null },
    ...all((cpu) => ({ kind: 'op_begin', fn: names[cpu] ?? '', ...range })),
    ...all(() => ({ kind: 'desc_read', ...at, val: hex(old) })),
    ...all((cpu) => {
      const before = cpu === 0 ? old : (after[cpu - 1] ?? old)
      return { kind: 'desc_write', ...at, old: hex(before), new: hex(after[cpu] ?? old) }
    }),
    on(0, { kind: 'desc_read', ...at, val: hex(after[2] ?? old) }),
    ...all((cpu) => ({ kind: 'op_end', fn: names[cpu] ?? '', ret: 0 })),
  ]
  for (const e of eventsOf(events)) writer.append(Object.assign({}, e, { nest: nestOf(e.kind) }))
  writer.finish('complete')
  const run = runFile.find(-1)
  runFile.close()
  const s = await sessionOn(db, run, columns, rows)
  await s.settled()
  return s
}
