import {
  checkRun,
  importFile,
  memorySource,
  openRuns,
  type CheckReport,
  type RunFile,
} from '@pagetrail/recorder'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { numbered } from '../../support/mutants/mutants.ts'

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

test('secretmem flushes for the _noflush call that it makes: a fault without its flush is found', async () => {
  const file = join(import.meta.dirname, '../../fixtures/traces/secretmem_small-6.17.trace.gz')
  const { run: id } = await importFile(runFile, file, { created: 0 })
  const run = runFile.find(id)
  const events = [...runFile.source(run).events()]
  const without = (isDropped: (seq: number) => boolean): CheckReport => {
    const kept = numbered(events.filter(({ seq }) => !isDropped(seq)))
    return checkRun(memorySource({ ...run, events: kept.length }, kept))
  }
  const flushes = events.flatMap(({ kind, seq }) => (kind === 'tlbi' ? [seq] : []))
  expect(flushes.length).toBeGreaterThan(10)
  for (const flush of flushes.slice(0, 4)) {
    const bad = without((seq) => seq === flush).findings.filter((f) => f.severity !== 'note')
    expect(bad.map(({ rule }) => rule)).toEqual(['flush-never'])
    expect(bad[0]!.message).toMatch(/^secretmem_fault returned while TLBs may still lead where/)
  }
})

test('a capture without any flush in secretmem_fault does not say that there was none', async () => {
  const file = join(import.meta.dirname, '../../fixtures/traces/secretmem_small-6.17.trace.gz')
  const { run: id } = await importFile(runFile, file, { created: 0 })
  const { facts, ...run } = runFile.find(id)
  const events = [...runFile.source(runFile.find(id)).events()]
  const kept = numbered(events.filter(({ kind }) => kind !== 'tlbi'))
  const { tlbi: _tlbi, tlb_flush: _flush, ...sites } = Object(facts['sites'])
  const report = checkRun(
    memorySource({ ...run, facts: { ...facts, sites }, events: kept.length }, kept),
  )
  expect(report.findings.filter((f) => f.severity !== 'note')).toEqual([])
  expect(status(report, 'flush-never')).toBe('undecided')
})
