import { diffLines, diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import {
  buildApart,
  buildMark,
  buildOf,
} from '../../../packages/recorder/src/event/kernel-build.ts'
import type { Json } from '../../../packages/recorder/src/event/kinds.ts'
import { runOf } from '../../support/runs.ts'
import { SAMPLE_RUN } from '../../support/sample-run.ts'

const version = (number: string, compiler = 'gcc 14.2.0'): string =>
  `Linux version 6.18.15+ (me@host) (${compiler}) ${number}`
const run = (facts: Readonly<Record<string, Json>>, kernel = '6.18.15+') => ({
  ...SAMPLE_RUN,
  kernel,
  facts,
})
const captured = (text: string, kernel?: string) => run({ capture: { version: [text] } }, kernel)

test('the words of whoever recorded it, else those of the kernel', () => {
  expect(buildOf(run({ build: '5f3a9c' }))).toBe('5f3a9c')
  expect(buildOf(captured(version('#1 SMP A')))).toBe(version('#1 SMP A'))
  expect(buildOf(run({ capture: { version: [] } }))).toBe(null)
  expect(buildOf(run({ build: 7, capture: 'no' }))).toBe(null)
})

test('named where another build of the version stands beside it', () => {
  const [one, two] = [captured(version('#1 SMP Mon')), captured(version('#2 SMP Tue'))]
  expect(buildApart(one, [two])).toBe('#1 SMP Mon')
  expect(buildApart(one, [one])).toBe(null)
  expect(buildApart(one, [captured(version('#2 SMP Tue'), '7.3.4')])).toBe(null)
  expect(buildApart(one, [run({})])).toBe(null)
  const clang = captured(version('#1 SMP Mon', 'clang 19'))
  expect(buildApart(one, [clang])).toBe(version('#1 SMP Mon'))
})

test('in a few words: those in which the builds differ', () => {
  const [one, two] = [
    captured(version('#1 SMP Mon Nov 23 10:00')),
    captured(version('#1 SMP Thu Nov 26 10:00')),
  ]
  expect([buildMark(one, [two]), buildMark(two, [one])]).toEqual(['Mon 23', 'Thu 26'])
  expect(buildMark(one, [one])).toBe('')
  const longer = captured(version('#1 SMP Mon Nov 23 10:00 UTC'))
  expect([buildMark(one, [longer]), buildMark(longer, [one])]).toEqual(['10:00', 'UTC'])
  expect(buildMark(run({ build: '5f3a9c' }), [run({ build: '77e0b1' })])).toBe('5f3a9c')
})

test('a comparison says which build is which', () => {
  const [one, two] = [captured(version('#1 SMP Mon')), captured(version('#2 SMP Tue'))]
  const diff = diffRuns(runOf([], one), runOf([], two))
  expect([diff.left.build, diff.right.build]).toEqual(['#1 SMP Mon', '#2 SMP Tue'])
  const [left, right] = [...diffLines(diff)]
  expect(left).toContain('build #1 SMP Mon')
  expect(right).toContain('build #2 SMP Tue')
})
