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
    'Made by `test/recorder/explore/explore-docs.test.ts` from searches; do not edit. Every number is exact and of all schedules:',
    'states are visited once, schedules are counted over them. `pagetrail explore SCENARIO --flavour FLAVOUR` shows each,',
    'records what fails, and says the smallest schedule. Data accesses are sequentially consistent; walkers are weak where',
    '`--walkers weak` says so or a scenario accesses memory (here they are sequentially consistent throughout). A schedule is',
    'lost-update where a store undoes what another CPU changed; `at the end` are those in which nobody made it anew.',
    '',
    '## Three regimes of locks',
    '',
    'The same two calls of set_memory_valid() under the mutex of the kernel, under none, and under a lock around everything,',
    "as x86's cpa_lock is.",
    '',
    '| command | what came out |',
    '|---|---|',
    ...REGIMES.map((each) => `| \`${commandOf(each)}\` | ${saidOf(each)} |`),
    '',
    'What x86 gets for its price: nothing of a call interleaves with another, so that two schedules are left of 5.6 · 10^12, and',
    'nothing has to be argued. It pays with a spinlock around walks that allocate (`sleep-in-atomic`, which is why x86 drops the',
    'lock around the allocation and looks again), and with every caller waiting for every other, also on ranges that share',
    'nothing (`disjoint-ranges-locked` against `disjoint-ranges`). What the argument of arm64 needs: that what two owners can',
    'share, a leaf, is split under one lock, and that nobody changes a page before its own split has returned. Without that',
    'lock the search finds the lost change; with it, none of the schedules fails.',
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
