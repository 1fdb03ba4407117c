import { checkRun, importFile, openRuns, type CheckReport, type RunFile } from '@pagetrail/recorder'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** Captures of stock kernels that load three modules and open secret memory: correct code, so nothing may be found. */
const FULL = [
  'modules_small-6.12.trace.gz',
  'modules_small-6.17-localclock.trace.gz',
  'secretmem_small-6.17.trace.gz',
  'modules_small-6.18-bbm.trace.gz',
  'modules_small-6.18-max.trace.gz',
  'modules_small-6.18.trace.dat',
  'modules_small-7.3.trace.gz',
] as const
const LEAN = [
  'modules_small-6.17-lean-kaslr.trace.gz',
  'modules_small-6.18-lean-kaslr.trace.gz',
] as const

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-real-'))
let runFile: RunFile
beforeAll(async () => {
  runFile = await openRuns(join(folder, 'real.db'), { mode: 'write' })
})
afterAll(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

async function check(name: string): Promise<CheckReport> {
  const file = join(import.meta.dirname, '../../fixtures/traces', name)
  const { run } = await importFile(runFile, file, { created: 0 })
  return checkRun(runFile.source(runFile.find(run)))
}

const status = (report: CheckReport, rule: string) =>
  report.verdicts.find((verdict) => verdict.rule === rule)?.status

test.each(FULL)('%s: nothing but notes, and the ledger is paid', async (name) => {
  const report = await check(name)
  expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([])
  expect(status(report, 'flush-missing')).toBe('clean')
  expect(status(report, 'flush-never')).toBe('clean')
  expect(status(report, 'barrier-missing')).toBe('clean')
})

test.each(LEAN)(
  '%s: without flushes and barriers in it, their rules are undecided',
  async (name) => {
    const report = await check(name)
    expect(report.findings.filter(({ severity }) => severity !== 'note')).toEqual([])
    for (const rule of ['flush-missing', 'flush-never', 'barrier-missing', 'lazy-unbalanced']) {
      expect(status(report, rule), rule).toBe('undecided')
    }
    expect(status(report, 'half-changed')).toBe('clean')
  },
)

test('whether a live split was allowed is undecided: the trace does not tell the CPUs', async () => {
  const report = await check('modules_small-6.18-bbm.trace.gz')
  expect(report.verdicts.find(({ rule }) => rule === 'break-before-make')).toMatchObject({
    status: 'undecided',
    missing: ['whether the CPUs have BBML2 or BBML3'],
  })
})

test('set_memory_nx() of the modules changes no bit, on every kernel: notes say so', async () => {
  const report = await check('modules_small-7.3.trace.gz')
  const redundant = report.findings.filter(({ rule }) => rule === 'redundant-store')
  const counts = redundant.map(
    ({ message }) => /^(\d+) of \d+ stores? of set_memory_nx /.exec(message)?.[1],
  )
  // What an independent program counted in this capture: 20 stores with the same value.
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(20)
})

test('a capture that lost its beginnings decides nothing and blames nobody', async () => {
  const report = await check('boot-overrun-7.3.trace.gz')
  expect(report.findings).toEqual([])
  expect(report.verdicts.every(({ status }) => status === 'undecided')).toBe(true)
})
