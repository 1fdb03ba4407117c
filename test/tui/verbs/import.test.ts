import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture } from '../../support/demo.ts'
import { database } from '../../support/stored.ts'

function place() {
  const root = folder()
  return { db: join(root, 'test.db'), file: (name: string) => join(root, name) }
}

test('imports captures of two kernels and says what was in them', async () => {
  const { db } = place()
  const { status, out, err } = await pagetrail([
    'import',
    capture('6.17.13'),
    capture('6.18.15'),
    '--db',
    db,
  ])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out.split('\n').filter((line) => line.startsWith('run'))).toEqual([
    'run 1 modules_small-6.17.13: 2,072 events in 94 calls',
    'run 2 modules_small-6.18.15: 2,796 events in 96 calls',
  ])
  expect(out).toContain(
    'kept without a kind: lazy_test_pending__apply_to_page_range (114), module_load (3)',
  )
  const runs = jsonLines((await pagetrail(['runs', '--json', '--db', db])).out)
  expect(runs.map((run) => run['flavour'])).toEqual([undefined, '6.17', '6.18', undefined])
})

test('--kernel and --label say what the trace does not', async () => {
  const { db } = place()
  const args = ['import', capture('6.18.15'), '--kernel', '6.18.15', '--label', 'after', '--json']
  const { out } = await pagetrail([...args, '--db', db])
  expect(jsonLines(out)[1]).toMatchObject({
    type: 'run',
    label: 'after',
    kernel: '6.18.15',
    flavour: '6.18',
    definitions: 'full',
    unpaired: 0,
  })
})

test('reads standard input, packed or not', async () => {
  const { db } = place()
  const packed = readFileSync(capture('6.17.13'))
  for (const stdin of [packed, gunzipSync(packed)]) {
    const { status, out } = await pagetrail(['import', '-', '--label', 'pipe', '--db', db], {
      stdin,
    })
    expect(status).toBe(0)
    expect(out).toContain('pipe: 2,072 events in 94 calls')
  }
})

test('what export wrote comes back, event for event', async () => {
  const from = await database()
  const { out } = await pagetrail(['export', '1', '--db', from])
  const { db, file } = place()
  writeFileSync(file('run.jsonl'), out)
  const back = await pagetrail(['import', file('run.jsonl'), '--db', db])
  expect(back).toMatchObject({ status: 0, out: 'run 1 sample: 22 events in 1 call\n' })
  expect((await pagetrail(['export', '1', '--db', db])).out).toBe(out)
})

test('bad input is named with its line, and nothing of the file is left', async () => {
  const from = await database()
  const { out } = await pagetrail(['export', '1', '--db', from])
  const { db, file } = place()
  const lines = out.trimEnd().split('\n')
  writeFileSync(
    file('two.jsonl'),
    `${lines.join('\n')}\n${lines.toSpliced(4, 1, '{"kind":"x"}').join('\n')}\n`,
  )
  const jsonl = await pagetrail(['import', file('two.jsonl'), '--db', db])
  expect(jsonl.status).toBe(2)
  expect(jsonl.err).toMatch(/two\.jsonl:29: /)
  writeFileSync(file('words.txt'), 'this is no trace\n')
  const text = await pagetrail(['import', file('words.txt'), '--db', db])
  expect(text.status).toBe(2)
  expect(text.err).toMatch(/words\.txt:1: /)
  expect((await pagetrail(['runs', '--db', db])).out).toContain('no runs yet')
})

test('--follow ends with Ctrl-C and keeps what came', async () => {
  const { db, file } = place()
  writeFileSync(file('growing.trace'), gunzipSync(readFileSync(capture('6.17.13'))))
  const args = ['import', '--follow', file('growing.trace'), '--db', db]
  const { status } = await pagetrail(args, { interrupt: true })
  expect(status).toBe(0)
  expect((await pagetrail(['runs', '--db', db])).out).toContain('interrupted')
})

test('refuses what cannot be meant', async () => {
  const { db } = place()
  const two = await pagetrail(['import', 'a', 'b', '--label', 'x', '--db', db])
  expect(two).toMatchObject({
    status: 2,
    err: 'pagetrail: --label and --follow are for one file\n',
  })
  const none = await pagetrail(['import', 'nowhere.trace', '--db', db])
  expect(none).toMatchObject({
    status: 2,
    err: 'pagetrail: nowhere.trace: there is no such file\n',
  })
})

test('a run without its end line, and with an end that ends nothing, is kept and said to be so: 3', async () => {
  const { db, file } = place()
  const lines = [
    '{"pagetrail":2,"run":{"label":"toy"}}',
    '{"seq":0,"cpu":0,"op":null,"kind":"op_end","fn":"f","ret":0}',
    '{"seq":1,"cpu":0,"op":0,"kind":"op_begin","fn":"g","va":null,"end":null,"args":{}}',
    '{"seq":2,"cpu":0,"op":0,"kin',
  ]
  writeFileSync(file('toy.jsonl'), lines.join('\n'))
  const { status, out } = await pagetrail(['import', file('toy.jsonl'), '--db', db])
  expect({ status, out: out.split('\n') }).toEqual({
    status: 3,
    out: [
      'run 1 toy: 2 events in 1 call',
      '  run 1 has no end line: its producer died, or the file was cut; what came is kept, as interrupted',
      '  1 event of run 1 outside the call tree, first event 0: op_end of f closes nothing that is open',
      '',
    ],
  })
  const runs = jsonLines((await pagetrail(['runs', '--json', '--db', db])).out)
  expect(runs[1]).toMatchObject({ label: 'toy', state: 'interrupted' })
  const verified = await pagetrail(['verify', '--db', db])
  expect({ status: verified.status, out: verified.out.split('\n')[0] }).toEqual({
    status: 1,
    out: 'run 1: 1 event outside the call tree, as recorded, first event 0: op_end of f closes nothing that is open',
  })
})

test('a tree with names of its own is no dead end: --map', async () => {
  const path = join(folder(), 'renamed.trace')
  const text = gunzipSync(readFileSync(capture('6.18.15'))).toString()
  writeFileSync(path, text.replaceAll('set_memory_ro', 'arm64_set_ro'))
  const db = join(folder(), 'test.db')
  const blind = await pagetrail(['import', path, '--db', db])
  expect(blind.out).toContain(
    'arm64_set_ro: if these are known functions by other names, import with --map KNOWN=arm64_set_ro',
  )
  const { out } = await pagetrail([
    'import',
    path,
    '--map',
    'set_memory_ro=arm64_set_ro',
    '--db',
    db,
  ])
  expect(out).not.toContain('arm64_set_ro')
  const wrong = await pagetrail(['import', path, '--map', 'set_memory_r0=x', '--db', db])
  expect(wrong).toMatchObject({ status: 2 })
  expect(wrong.err).toContain('did you mean set_memory_ro?')
})
