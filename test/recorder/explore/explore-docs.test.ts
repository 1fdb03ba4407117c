import { describe, expect, test, vi } from 'vitest'

import { INTERLEAVINGS, SCENARIOS } from '@pagetrail/recorder'
import { commandOf, resultOf, saidOf, type Searched } from '../check/review-explore.ts'

vi.setConfig({ testTimeout: 120_000 })

const FLAVOURS = ['6.12', '6.17', 'seed-v1', '6.18', '7.3'] as const
/** What a search came to, where all flavours come to the same only once. */
function rowsOf(name: string): string[] {
  // A race reduced to what matters is the same in all.
  const flavours = /^(h7|block|softirq|owners|weak)-/.test(name) ? (['7.3'] as const) : FLAVOURS
  const byAnswer = Map.groupBy(flavours, (flavour) => saidOf({ scenario: name, flavour }))
  return [...byAnswer].map(([said, alike]) => {
    const which = alike.length === FLAVOURS.length ? 'all' : alike.join(', ')
    const { findings } = resultOf({ scenario: name, flavour: alike[0] ?? '6.18' })
    const least = findings.map(({ preemptions }) => preemptions ?? '?').join(', ')
    return `| \`${name}\` | ${which} | ${said} | ${least} |`
  })
}

const HEAD = ['| scenario | flavours | what came out | least preemptions |', '|---|---|---|---|']

const REGIMES: readonly Searched[] = [
  { scenario: 'two-in-one-span', flavour: '6.18' },
  { scenario: 'two-in-one-span', flavour: '6.18', locks: 'none' },
  { scenario: 'two-in-one-span', flavour: '6.18', locks: 'cpa' },
  { scenario: 'two-in-one-block', flavour: '6.18' },
  { scenario: 'two-in-one-block', flavour: '6.18', locks: 'none' },
  { scenario: 'two-in-one-block', flavour: '6.18', locks: 'cpa' },
]

/** Those of 128 entries take seconds each: bench/explore.ts has them. */
function exploreDoc(): string {
  const several = SCENARIOS.filter(({ name }) => name.startsWith('two-in-one')).map(
    ({ name }) => name,
  )
  const names = [...several, ...INTERLEAVINGS.map(({ name }) => name)]
  return [
    '# What the search of interleavings came to',
    '',
    'Made by `test/recorder/explore/explore-docs.test.ts` from searches; do not edit. Every number is exact and covers all',
    'schedules: each state is visited once, and the schedules through it are counted. `pagetrail explore SCENARIO --flavour FLAVOUR`',
    'repeats a search, records what fails, and prints the smallest schedule for it. Data accesses are sequentially consistent, and',
    'here so are walkers; `--walkers weak` makes those weak. In a schedule with `lost-update` a store undoes what another CPU',
    'changed; `at the end` counts those in which nobody made the change again.',
    '',
    '## Three regimes of locks',
    '',
    "The same two calls of set_memory_valid() under the kernel's mutex, without a lock, and under one lock around everything, like",
    "x86's cpa_lock.",
    '',
    '| command | what came out |',
    '|---|---|',
    ...REGIMES.map((each) => `| \`${commandOf(each)}\` | ${saidOf(each)} |`),
    '',
    'What x86 buys: calls do not interleave at all, so that of 5.6 · 10^12 schedules two are left, and nothing has to be argued.',
    'What it pays: a spinlock around walks that allocate (`sleep-in-atomic`, which is why x86 drops the lock around the allocation',
    'and then looks again), and every caller waits for every other, even on ranges that share nothing (compare',
    '`disjoint-ranges-locked` with `disjoint-ranges`). The arm64 argument needs two things: a leaf that two owners share is split',
    'under one lock, and nobody changes a page before its own split has returned. Without that lock the search finds the lost',
    'change; with it, no schedule fails.',
    '',
    '## The library',
    '',
    ...HEAD,
    ...names.flatMap(rowsOf),
    '',
  ].join('\n')
}

describe('docs/explore.md', () => {
  test('is what the searches come to', async () => {
    await expect(exploreDoc()).toMatchFileSnapshot('../../../docs/explore.md')
  })
})
