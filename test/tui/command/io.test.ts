import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MODULE = new URL('../../../packages/tui/src/command/io.ts', import.meta.url)

/** Sizes of the space of young objects in MB: at the start, held, after much work, released, after much work. */
const program = `
import { getHeapSpaceStatistics } from 'node:v8'
import { holdYoungSpace, releaseYoungSpace } from '${MODULE.href}'
const size = () => getHeapSpaceStatistics().find((s) => s.space_name === 'new_space').space_size / 2 ** 20
const work = () => {
  const alive = []
  for (let i = 0; i < 1_000_000; i++) alive[i % 60_000] = { i, list: [i] }
  return alive.length
}
const sizes = [size()]
holdYoungSpace()
sizes.push(size())
work()
sizes.push(size())
releaseYoungSpace()
work()
sizes.push(size())
process.stdout.write(JSON.stringify(sizes))`

test('the space of young objects is held at 8 MB, and grows again once it is released', () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  const [start, held, worked, released] = JSON.parse(stdout) as number[]
  expect(start).toBeLessThan(8)
  expect(held).toBeLessThanOrEqual(8)
  expect(worked).toBe(held)
  expect(released).toBeGreaterThan(8)
})
