import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Diff, diffRuns, type ListedPairs, pairListText, VERDICTS } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { capture } from '../../support/demo.ts'
import { captures, engineRuns, fixture, pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

const total = (groups: readonly { readonly count: number }[]): number =>
  groups.reduce((sum, { count }) => sum + count, 0)

const ops = (diff: Diff, side: 'left' | 'right'): number[] => {
  const { pairs = [], alone = [] } = diff.pairs ?? {}
  const index = side === 'left' ? 0 : 1
  return [
    ...pairs.flatMap(({ calls }) => calls.map((both) => both[index])),
    ...alone.flatMap((group) => (group.side === side ? group.calls : [])),
  ].toSorted((a, b) => a - b)
}

test('every call of either run is in the list once, those alone with the reason', async () => {
  const [a, b] = await captures(
    fixture('modules_small-6.12.trace.gz'),
    fixture('modules_small-7.3.trace.gz'),
  )
  const diff = diffRuns(a!, b!, { pairs: true })
  for (const [side, source] of [
    ['left', a!],
    ['right', b!],
  ] as const) {
    expect(ops(diff, side)).toEqual([...source.calls()].map(({ op }) => op))
  }
  expect(total(diff.pairs!.pairs)).toBe(94)
  expect(diff.pairs!.alone).toMatchObject([
    { side: 'left', call: { fn: 'set_memory_ro' }, size: 0x1000, reason: 'number', count: 2 },
    { side: 'left', call: { fn: 'set_memory_ro' }, size: 0x3000, reason: 'number', count: 1 },
  ])
  expect(diffRuns(a!, b!).pairs).toBe(null)
})

const cost = ({ count, more }: ListedPairs): number =>
  count * Object.values(more).reduce<number>((sum, change) => sum + Math.abs(change ?? 0), 0)

test('the worst verdict first, then what costs most', async () => {
  const [a, b] = await captures(
    fixture('modules_small-6.12.trace.gz'),
    fixture('modules_small-7.3.trace.gz'),
  )
  const { pairs } = diffRuns(a!, b!, { pairs: true }).pairs!
  const ranks = pairs.map(({ verdict }) => VERDICTS.indexOf(verdict))
  expect(ranks).toEqual(ranks.toSorted((p, q) => q - p))
  for (const verdict of VERDICTS) {
    const costs = pairs.filter((group) => group.verdict === verdict).map(cost)
    expect(costs).toEqual(costs.toSorted((p, q) => q - p))
  }
})

test('the same difference over and over in one long call is one row', async () => {
  const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 9999 }
  const [a, b] = await engineRuns(pagesScenario(9999, [ro], 0), '6.12', '6.18')
  const diff = diffRuns(a!, b!, { pairs: true })
  const [group] = diff.pairs!.pairs
  expect(group).toMatchObject({ count: 1, leftSize: 9999 * 4096, sameInput: true })
  expect(group!.rows.find(({ left }) => left?.kind === 'barrier')).toMatchObject({
    status: 'left',
    count: 9999,
  })
  expect(group!.rows.length).toBeLessThan(40)
  const text = [...pairListText(diff)]
  expect(text).toContainEqual(expect.stringMatching(/^ +- \d+ ═ dsb ishst; isb × 9,999$/))
})

describe('costs of every pair are those counted from the text', () => {
  test.each([
    ['6.17 and 6.18', capture('6.17.13'), capture('6.18.15')],
    ['6.17 and 7.3', capture('6.17.13'), fixture('modules_small-7.3.trace.gz')],
    ['6.18, two machines', capture('6.18.15'), fixture('modules_small-6.18-bbm.trace.gz')],
  ])('%s', async (_, left, right) => {
    const [a, b] = await captures(left, right)
    const [p, q] = [countsOf(left), countsOf(right)]
    expect([p.length, q.length]).toEqual([a!.run.calls, b!.run.calls])
    for (const { calls, more } of diffRuns(a!, b!, { pairs: true }).pairs!.pairs) {
      for (const [i, j] of calls) {
        const [x, y] = [p[i]!, q[j]!]
        expect(more).toEqual({
          callbacks: y.callbacks - x.callbacks,
          barriers: y.barriers - x.barriers,
          flushes: y.flushes - x.flushes,
        })
      }
    }
  })
})

interface Counts {
  callbacks: number
  barriers: number
  flushes: number
}

interface Open {
  depth: number
  /** Inside of what works on others' areas. */
  foreign: number
  /** A dsb(ishst) that an isb makes a barrier. */
  ordered: boolean
  readonly counts: Counts
}

const LINE = /^ *(.+?-\d+) +\[\d+\] \S+ +[\d.]+: (\w+): /
const CALL = /^(?:set_memory_(?:ro|rw|x|nx|valid)|set_direct_map_\w+_noflush)$/
const CALLBACK = /^(?:change_page_range|pageattr_(?:pte|pmd|pud)_entry)$/
const FOREIGN = /^(?:_vm_unmap_aliases|__purge_vmap_area_lazy)$/

/** What each call of a capture did, by a program that knows nothing but the lines of its text. */
function countsOf(path: string): Counts[] {
  const all: Counts[] = []
  const tasks = new Map<string, Open>()
  for (const line of gunzipSync(readFileSync(path)).toString().split('\n')) {
    const [, task = '', name = ''] = LINE.exec(line) ?? []
    const open = tasks.get(task)
    if (CALL.test(name) && !open) {
      const counts = { callbacks: 0, barriers: 0, flushes: 0 }
      all.push(counts)
      tasks.set(task, { depth: 1, foreign: 0, ordered: false, counts })
    } else if (!open) continue
    else if (CALL.test(name)) open.depth++
    else if (CALL.test(name.replace(/_ret$/, ''))) {
      if (--open.depth === 0) tasks.delete(task)
    } else if (FOREIGN.test(name)) open.foreign++
    else if (FOREIGN.test(name.replace(/_ret$/, ''))) open.foreign--
    else if (CALLBACK.test(name)) open.counts.callbacks++
    else if (open.foreign > 0) continue
    else if (name.startsWith('flush_kernel_range_call__')) open.counts.flushes++
    else if (name.startsWith('dsb_ishst__')) open.ordered = true
    else if (name.startsWith('isb__') && open.ordered) {
      open.counts.barriers++
      open.ordered = false
    }
  }
  return all
}
