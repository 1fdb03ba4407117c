import {
  compareTrees,
  openRuns,
  patchAnswer,
  type PatchReport,
  patchText,
  raceEnds,
  SCENARIOS,
  Workshop,
} from '@pagetrail/recorder'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyPatch, type KernelPatch, PATCHES } from '../../support/kernel/kernel-patches.ts'
import { BUILD_CACHE, hasTree, treeFolder, USUAL } from '../../support/kernel/kernel-trees.ts'

const MINUTES = 60_000

/** Scenarios in which each of the patches shows, and some in which none should. */
const NAMES = [
  'clean-ro',
  'clean-off',
  'half-changed',
  'partial-block',
  'partial-block-bbml',
  'contpte-one-page',
  'contpte-one-page-bbml',
  'split-no-memory',
  'boot-window',
  'two-in-one-block',
]
const chosen = SCENARIOS.filter(({ name }) => NAMES.includes(name))

/** Rules with new findings. */
const rules = (report: PatchReport) =>
  new Set(report.results.flatMap(({ added }) => added.map(({ rule }) => rule)))
const verdictOf = (report: PatchReport, name: string) =>
  report.results.find((result) => result.name === name)?.diff.verdict

describe.runIf(hasTree('7.3'))('patches as developers make them, to Linux 7.3', () => {
  const base = treeFolder('7.3') ?? ''
  let root = ''
  let patched = ''
  let workshop: Workshop
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'pagetrail-test-'))
    patched = join(root, 'linux-patched')
    // Links: a patch writes the files that it changes anew.
    execFileSync('cp', ['-rl', base, patched])
    // One for all: the base is built once.
    workshop = await Workshop.open({ cache: BUILD_CACHE, hostIsArm64: process.arch === 'arm64' })
  }, MINUTES)
  afterAll(() => {
    workshop.close()
    rmSync(root, { recursive: true, force: true })
  }, MINUTES)

  async function reportOf(patch: KernelPatch): Promise<PatchReport> {
    const undo = applyPatch(patched, patch)
    const [left, right] = [await workshop.openTree(base), await workshop.openTree(patched)]
    const runFile = await openRuns(':memory:', { mode: 'write' })
    const report = await compareTrees(
      runFile,
      workshop,
      [
        { tree: left, called: 'base' },
        { tree: right, called: 'patched' },
      ],
      chosen.map(({ name, json }) => ({ name, json, geometry: USUAL })),
      { created: 0 },
    )
    runFile.close()
    undo()
    workshop.forget(right)
    return report
  }

  test.each([
    PATCHES.fieldAndHelper,
    PATCHES.fewerParameters,
    PATCHES.newHeader,
    PATCHES.guarded,
    PATCHES.newHelpers,
  ])(
    '$name: nothing changes',
    async (patch) => {
      const report = await reportOf(patch)
      expect(patchText(report, { command: 'pagetrail' })[0]).toContain(
        'page tables, TLBs and locks see no change in the 10 scenarios',
      )
      expect(patchAnswer(report)).toBe('same')
      expect(report.results).toHaveLength(NAMES.length)
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.flushBeforeWalk.name}: a flush is missing`,
    async () => {
      const report = await reportOf(PATCHES.flushBeforeWalk)
      expect(patchAnswer(report)).toBe('different')
      expect(rules(report)).toContain('flush-missing')
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.noFlushOnError.name}: other effects, where there is an error`,
    async () => {
      const report = await reportOf(PATCHES.noFlushOnError)
      expect(verdictOf(report, 'clean-ro')).toBe('identical')
      expect(verdictOf(report, 'half-changed')).toBe('same outcome, different effects')
      expect(rules(report)).toContain('flush-missing')
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.contpteRefused.name}: another outcome, for contiguous entries`,
    async () => {
      const report = await reportOf(PATCHES.contpteRefused)
      expect(verdictOf(report, 'contpte-one-page')).toBe('different outcome')
      expect(verdictOf(report, 'clean-ro')).toBe('identical')
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.noMutex.name}: the lock is gone`,
    async () => {
      const report = await reportOf(PATCHES.noMutex)
      expect(verdictOf(report, 'partial-block-bbml')).toBe('same effects by another path')
      const found = report.results.find(({ name }) => name === 'partial-block-bbml')
      expect(found?.diff.path).toMatchObject({ changed: 0, onlyLeft: 2, onlyRight: 0 })
      expect(found?.diff.cost.right.locks).toBe(0)
      // Two CPUs split one block: with the mutex each order is kept, without it an update is lost.
      const searches = report.results.find(({ name }) => name === 'two-in-one-block')?.searches
      if (!searches) throw new Error('its schedules were not run')
      expect(raceEnds(searches.left)).toEqual([])
      expect(raceEnds(searches.right).length).toBeGreaterThan(0)
      expect(patchText(report, { command: 'pagetrail' }).join('\n')).toContain('Interleaved CPUs')
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.renamed.name}: only the name in a warning`,
    async () => {
      const report = await reportOf(PATCHES.renamed)
      expect(verdictOf(report, 'split-no-memory')).toBe('same effects by another path')
      expect(verdictOf(report, 'half-changed')).toBe('identical')
      expect(rules(report).size).toBe(0)
    },
    3 * MINUTES,
  )

  test(
    `${PATCHES.foreignFunction.name}: stops there, and says so`,
    async () => {
      const report = await reportOf(PATCHES.foreignFunction)
      // What was not seen to its end is not called different.
      expect(patchAnswer(report)).toBe('incomplete')
      const stopped = report.results.find(({ name }) => name === 'clean-ro')
      expect(stopped?.incomplete).toEqual([
        'harness: flush_tlb_batched_pending() was called; it is not part of the harness',
      ])
      expect(patchText(report, { command: 'pagetrail' }).join('\n')).toContain(
        'Not answered in full',
      )
    },
    3 * MINUTES,
  )
})
