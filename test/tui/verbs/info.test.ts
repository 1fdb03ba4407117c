import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('says what a run is and counts its calls and kinds', async () => {
  const { status, out } = await pagetrail(['info', '-1', '--db', await database()])
  expect(status).toBe(0)
  expect(out).toMatch(/^run +1 sample$/m)
  expect(out).toMatch(/^kernel +none, simulated$/m)
  expect(out).toMatch(/^features +\{"rodata_full":1\}$/m)
  expect(out).toMatch(/^set_memory_ro +1$/m)
  expect(out).toMatch(/^desc_write +3$/m)
})

test('--json has the counts, and says when the run is not whole', async () => {
  const db = await database([{ meta: { lost: 5 }, state: 'interrupted' }])
  const { status, out } = await pagetrail(['info', '1', '--json', '--db', db])
  const lines = jsonLines(out)
  expect(status).toBe(0)
  expect(lines).toContainEqual({ type: 'kind', kind: 'cb_enter', events: 3 })
  expect(lines.at(-1)).toMatchObject({
    complete: false,
    why: 'run 1 sample is not whole: its recording was interrupted, 5 events were lost',
  })
})
