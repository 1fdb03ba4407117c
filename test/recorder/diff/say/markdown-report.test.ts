import { diffMarkdown, diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { pairListMarkdown } from '../../../../packages/recorder/src/diff/say/pair-list-text.ts'
import { capture } from '../../../support/demo.ts'
import { captures, engineRuns, pagesScenario } from '../../../support/runs.ts'
import { AREA, hex } from '../../../support/sample-run.ts'

const off = { fn: 'set_memory_valid', addr: hex(AREA), numpages: 2, enable: 0 }

test('one page for a mail', async () => {
  const [a, b] = await captures(capture('6.17.13'), capture('6.18.15'))
  const page = diffMarkdown(diffRuns(a!, b!), { command: 'pagetrail --db t.db' })
  await expect(page).toMatchFileSnapshot('golden/modules-6.17-6.18.md')
  expect(page.split('\n').length).toBeLessThan(70)
})

test('the list of pairs, where it was asked for', async () => {
  const [a, b] = await captures(capture('6.17.13'), capture('6.18.15'))
  const diff = diffRuns(a!, b!, { pairs: true })
  const page = diffMarkdown(diff)
  expect(page.replace(`${pairListMarkdown(diff)}\n\n`, '')).toBe(diffMarkdown(diffRuns(a!, b!)))
  const rows = page.split('\n').filter((line) => /^\| \d+ \| set_/.test(line))
  expect(rows).toHaveLength(diff.pairs!.pairs.length)
  const pairs = rows.map((row) => Number(/\d+/.exec(row)))
  expect(pairs.reduce((sum, n) => sum + n, 0)).toBe(diff.calls.paired + diff.calls.otherInput)
  // A bar within a cell would be another cell.
  for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(10)
})

test('it names the commands that show the same, with what was asked', async () => {
  const [a, b] = await engineRuns(pagesScenario(2, [off]), '6.18', '7.3')
  const filter = { text: 'level == pte', matches: () => true }
  const diff = diffRuns(a!, b!, {
    filter,
    calls: { from: 0, to: 0 },
    ignore: ['isb'],
    map: { a: 'b' },
  })
  const commands = diffMarkdown(diff).split('```sh\n')[1]?.split('\n')
  expect(commands?.slice(0, 3)).toEqual([
    'pagetrail record scenario --flavour 6.18 --geometry 4k-48',
    'pagetrail record scenario --flavour 7.3 --geometry 4k-48',
    "pagetrail diff scenario/4k-48/6.18 scenario/4k-48/7.3 --calls 0-0 --filter 'level == pte' --ignore isb --map a=b",
  ])
})
