import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { folder, pagetrail } from '../../support/cli.ts'

/** What a terminal acts on, what turns or hides text, what ends a line; some that may be shown; some of formats. */
const SIGNS = [
  '\u001b[31m,\u001b]0;x\u0007,\u009b31m,\u0085,\r,\n,\t,\b,\u007f',
  '\u202e,\u2066,\u2028,\u2029,\u200b,\u200e,\u061c,\ufeff,\u{e0041}',
  '日本,e\u0301,😀,",\',\\,|,<b>,&,=1+1,::error::,%0A,]]>',
].join(',')
const NAME = `n${SIGNS.replaceAll(',', 'a')}`
const RAW = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const lines = (label: string): string =>
  [
    { pagetrail: 2, run: { label } },
    {
      seq: 0,
      cpu: 0,
      ts: 1,
      task: NAME,
      op: 0,
      kind: 'op_begin',
      fn: NAME,
      va: '0xffff800080000000',
      end: '0xffff800080001000',
      args: { [NAME]: NAME },
    },
    { seq: 1, cpu: 0, ts: 2, task: NAME, op: 0, kind: 'barrier', fn: NAME },
    {
      seq: 2,
      cpu: 0,
      ts: 3,
      task: NAME,
      op: 0,
      kind: 'ftrace',
      event: NAME,
      fields: { [NAME]: NAME },
    },
    { seq: 3, cpu: 0, ts: 4, task: NAME, op: 0, kind: 'op_end', fn: NAME, ret: 0 },
    { end: { events: 4, calls: 1 } },
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')

const ANSWERS: readonly (readonly string[])[] = [
  ['runs'],
  ['info', '1'],
  ['replay', '1'],
  ['show', '1', '0-end'],
  ['state', '1'],
  ['why', '1', '0xffff800080000000'],
  ...['text', 'markdown', 'json', 'html'].map((format) => ['diff', '1', '2', '--format', format]),
  ...['text', 'markdown', 'html', 'junit', 'github'].map((format) =>
    ['diff', '1', '2', '--gate', 'outcome,effect,path', '--format'].concat(format),
  ),
  ['report', '1', '2'],
  ...['text', 'json', 'sarif', 'junit', 'github', 'html'].map((f) => ['check', '1', '--format', f]),
  ...['jsonl', 'csv', 'chrome'].map((format) => ['export', '1', '--format', format]),
  ...['table', 'csv', 'json'].map((f) => ['sql', '--format', f, 'select * from op_begin, run']),
  ['verify'],
]

/** Whatever is not there is quoted in what is said of it. */
const SLIPS: readonly (readonly string[])[] = [
  [NAME],
  ['conform', '1'],
  ['info', `x${NAME}`],
  ['rm', `x${NAME}`],
  ['import', `x${NAME}`],
  ['export', '1', '-o', `/nowhere/${NAME}`],
  ['record', NAME],
  ['sql', `select ${NAME}`],
  ['show', '1', NAME],
  ['check', '1', '--rules', NAME],
  ['replay', '1', '--filter', NAME],
  ['explore', NAME],
  ['scenarios', NAME],
  ['help', NAME],
  ['report', '1', '--format', NAME],
]

test('names of anybody reach a terminal as text, by whatever verb and in whatever format', async () => {
  const at = folder()
  const db = join(at, 'runs.db')
  const files = ['one', 'two'].map((which) => join(at, `${which}.jsonl`))
  for (const file of files) {
    writeFileSync(file, lines(file === files[0] ? NAME : `b${NAME}`))
    expect(await pagetrail(['--db', db, 'import', file])).toMatchObject({ err: '', status: 0 })
  }
  for (const argv of [...ANSWERS, ...SLIPS]) {
    for (const json of argv.includes('--format') ? [[]] : [[], ['--json']]) {
      const { out, err, status } = await pagetrail(
        ['--no-pager', '--color', 'never', '--db', db, ...json, ...argv],
        { tty: true },
      )
      const named = argv.join(' ').slice(0, 40)
      expect([named, RAW.exec(out)?.[0], RAW.exec(err)?.[0]]).toEqual([named, undefined, undefined])
      expect(out).not.toMatch(/^::(?!error |notice |warning )/m)
      expect(err).not.toContain('internal error')
      expect([named, status === 2]).toEqual([named, SLIPS.includes(argv)])
      if (json.length > 0 && status !== 2)
        for (const line of out.trimEnd().split('\n')) JSON.parse(line)
    }
  }
})

test('whatever a name holds, an export is read back equal', async () => {
  const at = folder()
  const [first, second] = [join(at, 'first.db'), join(at, 'second.db')]
  writeFileSync(join(at, 'in.jsonl'), lines(NAME))
  await pagetrail(['--db', first, 'import', join(at, 'in.jsonl')])
  const { out } = await pagetrail(['--db', first, 'export', '1'])
  expect(JSON.parse(out.split('\n')[1]!)).toMatchObject({ fn: NAME, args: { [NAME]: NAME } })
  writeFileSync(join(at, 'out.jsonl'), out)
  await pagetrail(['--db', second, 'import', join(at, 'out.jsonl')])
  expect((await pagetrail(['--db', second, 'export', '1'])).out).toBe(out)
})
