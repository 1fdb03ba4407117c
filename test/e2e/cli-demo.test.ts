import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { folder } from '../support/cli.ts'
import { demoFile } from '../support/demo.ts'

const DEMO = demoFile('start.ts')

test('npm start on a pipe: both verdicts first, four runs, fewer than 60 lines, 0', () => {
  const ran = spawnSync(process.execPath, [DEMO], { cwd: folder(), encoding: 'utf8', input: '' })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  const { stdout } = ran
  expect(stdout.split('\n').length).toBeLessThan(60)
  const verdict = /^[^ ]+ \| [^ ]+: same effects by another path/gm
  const verdicts = [...stdout.matchAll(verdict)]
  expect(verdicts).toHaveLength(2)
  const lineOf = (index: number) => stdout.slice(0, index).split('\n').length
  expect(verdicts.map(({ index }) => lineOf(index) <= 8)).toEqual([true, true])
  for (const label of [
    'modules-6.17.13',
    'modules-6.18.15',
    'three-pages-then-half-a-block/4k-48/6.17',
    'three-pages-then-half-a-block/4k-48/6.18',
  ]) {
    expect(stdout).toMatch(new RegExp(`^ \\d {2}${label} .* complete `, 'm'))
  }
  expect(stdout).toContain('pagetrail --db pagetrail-demo.db replay -1')
})
