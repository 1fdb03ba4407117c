import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { folder } from '../support/cli.ts'
import { demoFile } from '../support/demo.ts'

const DEMO = demoFile('start.ts')

test('npm start on a pipe: four runs, both verdicts, 0', () => {
  const ran = spawnSync(process.execPath, [DEMO], { cwd: folder(), encoding: 'utf8', input: '' })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  const { stdout } = ran
  for (const label of [
    'modules-6.17.13',
    'modules-6.18.15',
    'three-pages-then-half-a-block/4k-48/6.17',
    'three-pages-then-half-a-block/4k-48/6.18',
  ]) {
    expect(stdout).toMatch(new RegExp(`^ \\d {2}${label} .* complete `, 'm'))
  }
  expect(stdout.match(/^same effects by another path/gm)).toHaveLength(2)
  expect(stdout).toContain('pagetrail --db pagetrail-demo.db replay -1')
})
