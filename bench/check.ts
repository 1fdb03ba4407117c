import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { checkRun, openRuns, recordScenario } from '@pagetrail/recorder'

/**
 * How fast one recorded run of a million events is checked by all rules, and in how much memory, reading included. The
 * aim, 400,000 events a second of CPU time in under 200 MB, is for every shape: many calls, as real runs are; all in
 * one call; a flush owed for each of 77,000 pages of the direct map. Each run was read once before, which proves it.
 * Run it with `node bench/check.ts [events]`; exits 1 if the aim is missed.
 */

const AIM_PER_SECOND = 400_000
const AIM_MB = 200
const EVENTS = Number(process.argv[2] ?? 1_000_000)
const AREA = 0xffff_8000_c000_0000n
const LINEAR = 0xffff_0001_0000_0000n
const FIRST_PFN = 0x50_0000

const hex = (value: bigint): string => `0x${value.toString(16)}`
const pages = (va: bigint, count: number): object => ({
  va: hex(va),
  level: 'pte',
  desc: '0x68000500000703',
  count,
  pa_step: '0x1000',
})

/** set_memory_ro and _rw in turn on an area of so many pages: about 4 events a page. */
function areas(count: number, calls: number): object {
  return {
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: false },
    init: [pages(AREA, count)],
    areas: [{ start: hex(AREA), size: hex(BigInt(count + 1) * 4096n), nr_pages: 0 }],
    calls: Array.from({ length: calls }, (_, i) => ({
      fn: i % 2 === 0 ? 'set_memory_ro' : 'set_memory_rw',
      addr: hex(AREA),
      numpages: count,
    })),
  }
}

/** Pages of the direct map made invalid one by one, and one flush: 13 events a page. */
function owed(count: number): object {
  const invalidate = Array.from({ length: count }, (_, i) => ({
    fn: 'set_direct_map_invalid_noflush',
    pfn: hex(BigInt(FIRST_PFN + i)),
  }))
  const end = LINEAR + BigInt(count) * 4096n
  return {
    geometry: { page_shift: 12, va_bits: 48 },
    init: [pages(LINEAR, count)],
    calls: [...invalidate, { fn: 'flush_tlb_kernel_range', addr: hex(LINEAR), end: hex(end) }],
  }
}

const shapes = (): Readonly<Record<string, object>> => ({
  'many calls': areas(500, Math.ceil(EVENTS / 2015)),
  'one call': areas(Math.ceil(EVENTS / 4), 1),
  'many owed': owed(Math.ceil(EVENTS / 13)),
})

/** CPU time of the process since then. */
function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

/** In a process of its own, for its peak memory. */
async function measure(path: string): Promise<void> {
  const runFile = await openRuns(path, { mode: 'read' })
  const source = runFile.source(runFile.find(-1))
  let start = process.cpuUsage()
  let read = 0
  for (const e of source.events()) read += e.seq >= 0 ? 1 : 0
  const readSeconds = secondsSince(start)
  const readMegabytes = process.resourceUsage().maxRSS / 1000
  start = process.cpuUsage()
  const report = checkRun(source)
  const seconds = secondsSince(start)
  runFile.close()
  const megabytes = process.resourceUsage().maxRSS / 1000
  const findings = report.verdicts.reduce((sum, verdict) => sum + verdict.count, 0)
  console.log(
    JSON.stringify({ events: read, readSeconds, readMegabytes, seconds, megabytes, findings }),
  )
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
  let isMissed = false
  try {
    for (const [i, [name, scenario]] of Object.entries(shapes()).entries()) {
      const path = join(folder, `${i}.db`)
      const runFile = await openRuns(path, { mode: 'write' })
      recordScenario(runFile, scenario, { flavour: '7.3', name: 'bench', created: 0 })
      runFile.close()
      const said = execFileSync(process.execPath, [import.meta.filename, 'measure', path])
      const { events, seconds, megabytes, findings, ...reading } = JSON.parse(String(said))
      const rate = Math.round(events / seconds)
      isMissed ||= rate < AIM_PER_SECOND || megabytes > AIM_MB
      console.log(
        `${name}: ${events} events in ${seconds.toFixed(2)} s = ${rate} a second ` +
          `${Math.round(megabytes)} MB, ` +
          `${findings} findings (reading alone ${reading.readSeconds.toFixed(2)} s, ` +
          `${Math.round(reading.readMegabytes)} MB)`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (isMissed) {
    console.log(`aim missed: ${AIM_PER_SECOND} events a second in ${AIM_MB} MB`)
    process.exitCode = 1
  }
}

if (process.argv[2] === 'measure') await measure(process.argv[3] ?? '')
else await main()
