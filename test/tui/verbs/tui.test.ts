import { expect, test } from 'vitest'
import { pagetrail } from '../../support/cli.ts'

test('is what comes without a verb, and needs a terminal', async () => {
  for (const argv of [[], ['tui'], ['--db', 'other.db']]) {
    expect(await pagetrail(argv)).toEqual({
      status: 2,
      out: '',
      err: 'pagetrail: the terminal UI needs a terminal; on a pipe use runs, replay, diff, …\n',
    })
  }
})

test('takes at most two runs', async () => {
  const { status, err } = await pagetrail(['tui', '1', '2', '3'])
  expect(status).toBe(2)
  expect(err).toContain('opens on one run, or on two to compare')
})
