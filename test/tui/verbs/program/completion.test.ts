import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VERBS } from '../../../../packages/tui/src/verbs/program/verb-table.ts'
import { folder, pagetrail } from '../../../support/cli.ts'

/** What bash offers for a line whose last word is being typed. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const path = join(folder(), 'completion.bash')
  writeFileSync(path, (await pagetrail(['completion', 'bash'])).out)
  const script = `source ${path}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pagetrail; printf '%s\\n' "\${COMPREPLY[@]}"`
  const ran = spawnSync('bash', ['-c', script, 'bash', 'pagetrail', ...words], {
    encoding: 'utf8',
    cwd: folder(),
  })
  expect(ran.stderr).toBe('')
  return ran.stdout.split('\n').filter((line) => line !== '')
}

test('bash completes verbs, the options of a verb, and the words that an option takes', async () => {
  expect(await offered('re')).toEqual(['record', 'replay', 'rename', 'report'].toSorted(byTable))
  expect(await offered('diff', '--ma')).toEqual(['--map', '--max-cost'])
  expect(await offered('--db', 'x.db', 'export', '--format', 'pa')).toEqual(['parquet'])
  expect(await offered('--color', 'al')).toEqual(['always'])
  expect(await offered('diff', '--color', '')).toEqual(['auto', 'always', 'never'])
  expect(await offered('diff', '--no-p')).toEqual(['--no-pager'])
  expect(await offered('sql', '--for', '')).toEqual(['duckdb', 'clickhouse'])
})

const byTable = (a: string, b: string) =>
  VERBS.findIndex(({ name }) => name === a) - VERBS.findIndex(({ name }) => name === b)

test.each(['bash', 'zsh', 'fish'])(
  '%s: every verb, and no shell that is unknown',
  async (shell) => {
    const { status, out } = await pagetrail(['completion', shell])
    expect(status).toBe(0)
    for (const { name } of VERBS) expect(out).toMatch(new RegExp(`\\b${name}\\b`))
    expect(out).toContain(shell === 'fish' ? '-l max-cost' : '--max-cost')
    expect((await pagetrail(['completion', `${shell}x`])).status).toBe(2)
  },
)

test('the manual page has every verb with its examples; nothing in it is taken for a command of roff', async () => {
  const { status, out } = await pagetrail(['man'])
  expect(status).toBe(0)
  for (const { name } of VERBS)
    expect(out).toContain(`.SS pagetrail ${name.replaceAll('-', '\\-')}`)
  const commands = new Set(out.match(/^[.'].*?(?= |$)/gm))
  expect([...commands].toSorted()).toEqual(['.PP', '.RE', '.RS', '.SH', '.SS', '.TH', '.TP'])
})
