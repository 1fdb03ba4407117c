import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openRuns, recordScenario } from '@pagetrail/recorder'

/**
 * How fast recorded runs are checked by all rules, and in how much memory: `pagetrail check` itself, in a process of
 * its own, reading included. Its peak memory is that of the whole process; its rate is by its CPU time less that of a
 * check of a run of hardly any events, which is the start. The aim, 600,000 events a second in 200 MB, is for every
 * shape: many calls, as real runs are; all in one call; a flush owed for each of 77,000 pages of the direct map. Each
 * run was checked once before, which proves it. Run it with `node bench/check.ts [events]`, a million and four million
 * without; exits 1 if the aim is missed.
 */

const AIM_PER_SECOND = 600_000
const AIM_MB = 200
const LENGTHS = process.argv[2] === undefined ? [1_000_000, 4_000_000] : [Number(process.argv[2])]
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

const shapes = (events: number): Readonly<Record<string, object>> => ({
  'many calls': areas(500, Math.ceil(events / 2015)),
  'one call': areas(Math.ceil(events / 4), 1),
  'many owed': owed(Math.ceil(events / 13)),
})

const PROGRAM = join(import.meta.dirname, '..', 'packages', 'tui', 'bin', 'pagetrail.js')
/** Loaded into the process that is measured: says at its end what it took. */
const MEASURE = `data:text/javascript,${encodeURIComponent(`
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  process.stderr.write(JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, peak: maxRSS / 1024 }))
})`)}`

interface Took {
  /** Of CPU. */
  readonly seconds: number
  /** MB. */
  readonly peak: number
  readonly findings: number
}

function check(path: string): Took {
  const { stderr, stdout, status } = spawnSync(
    process.execPath,
    ['--import', MEASURE, PROGRAM, '--db', path, '--json', 'check', '-1'],
    { encoding: 'utf8', maxBuffer: 2 ** 30 },
  )
  if (status !== 0 && status !== 1) throw new Error(`check exits ${status}: ${stderr}`)
  const findings = stdout.split('\n').filter((line) => line.includes('"type":"finding"')).length
  return { ...(JSON.parse(stderr) as Omit<Took, 'findings'>), findings }
}

async function record(path: string, scenario: object): Promise<number> {
  const runFile = await openRuns(path, { mode: 'write' })
  const { run } = recordScenario(runFile, scenario, { flavour: '7.3', name: 'bench', created: 0 })
  runFile.close()
  return run.events
}

/** The second time: the first proves the run. */
function checkAgain(path: string): Took {
  check(path)
  return check(path)
}

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
let isMissed = false
try {
  const small = join(folder, 'small.db')
  await record(small, areas(1, 1))
  const start = checkAgain(small)
  console.log(`start: ${start.seconds.toFixed(2)} s, ${Math.round(start.peak)} MB`)
  for (const length of LENGTHS) {
    for (const [name, scenario] of Object.entries(shapes(length))) {
      const path = join(folder, `${name}-${length}.db`)
      const events = await record(path, scenario)
      const { seconds, peak, findings } = checkAgain(path)
      rmSync(path)
      const rate = Math.round(events / (seconds - start.seconds))
      isMissed ||= rate < AIM_PER_SECOND || peak > AIM_MB
      console.log(
        `${name}: ${events} events in ${seconds.toFixed(2)} s = ${rate} a second beyond the start, ` +
          `${Math.round(peak)} MB, ${findings} findings`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
if (isMissed) {
  console.log(`aim missed: ${AIM_PER_SECOND} events a second in ${AIM_MB} MB`)
  process.exitCode = 1
}
