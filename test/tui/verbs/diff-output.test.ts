import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture } from '../../support/demo.ts'

// Captures are imported several times over, beside other tests.

const module = (name: string): string => join(import.meta.dirname, '..', '..', '..', name)

/** A folder as a CI has it: the baseline as an exported run, and a database of new runs. */
async function golden(...record: string[]): Promise<{ baseline: string; db: string; at: string }> {
  const at = folder()
  const [first, db] = [join(at, 'first.db'), join(at, 'new.db')]
  expect(await pagetrail([...record, '--db', first])).toMatchObject({ status: 0 })
  const { out } = await pagetrail(['export', '1', '--db', first])
  const baseline = join(at, 'golden.jsonl.gz')
  writeFileSync(baseline, gzipSync(out))
  return { baseline, db, at }
}

const env = (db: string) => ({ env: { PAGETRAIL_DB: db } })

test('the same capture passes, in one line', async () => {
  const { baseline, db } = await golden('import', capture('6.18.15'))
  const gate = ['--gate', 'outcome,effect,path', '--max-cost', 'barriers=0,callbacks=+10%']
  const ran = await pagetrail(['diff', ...gate, baseline, capture('6.18.15')], env(db))
  expect(ran).toEqual({
    status: 0,
    err: '',
    out:
      'gate passed: modules_small-6.18.15 against modules_small-6.18.15: identical; ' +
      'outcome, effect, path the same in 96 pairs of calls; barriers 81 → 81, at most +0; ' +
      'callbacks 377 → 377, at most +10%\n',
  })
})

test('a capture without one call fails, and says which', async () => {
  const { baseline, db, at } = await golden('import', capture('6.18.15'))
  const lines = gunzipSync(readFileSync(capture('6.18.15')))
    .toString()
    .split('\n')
  const begin = lines.findIndex((line) => line.includes(' set_memory_ro: '))
  const end = lines.findIndex((line) => line.includes(' set_memory_ro_ret: '))
  const cut = join(at, 'cut.trace')
  writeFileSync(cut, lines.toSpliced(begin, end - begin + 1).join('\n'))
  const gate = ['--gate', 'outcome,effect', baseline, cut]
  const { status, out } = await pagetrail(['diff', ...gate], env(db))
  expect(status).toBe(1)
  const [first, reason] = out.split('\n')
  expect(first).toMatch(/^gate failed: cut against modules_small-6\.18\.15: /)
  expect(reason).toBe(
    'calls: failed: 1 call missing from the new run: 1 set_memory_ro (first: call 0), ' +
      'perhaps among the events that the new run lost',
  )
  // The page follows.
  expect(out).toContain('\n95 pairs of calls compared\n')
  const github = await pagetrail(['diff', ...gate, '--format', 'github'], env(db))
  expect(github.out).toContain(
    '::error title=pagetrail gate%3A calls failed::1 call missing from the new run: 1 set_memory_ro',
  )
})

test('flushing before the stores fails by its effect, and by its path', async () => {
  const { baseline, db } = await golden('record', 'clean-ro', '--flavour', 'seed-v1')
  const record = ['record', 'clean-ro', '--module', module('test/fixtures/flush-first.ts')]
  expect(await pagetrail([...record, '--db', db])).toMatchObject({ status: 0 })
  const gate = ['diff', '--gate', 'outcome,effect,path', baseline, '1']
  const { status, out } = await pagetrail(gate, env(db))
  expect(status).toBe(1)
  expect(out).toMatch(
    /^effect: failed: 8 × held in set_memory_ro: nothing \| may be held too permissive \(first: call 0/m,
  )
  expect(out).not.toContain('outcome: failed')
  expect(out).toContain(
    '\npath: failed: 0 events changed, 10 only in the baseline, 10 only in the new run, first in call 0 | 0\n',
  )
})

test('a flush that is forgotten fails by its effect, in every format', async () => {
  const { baseline, db } = await golden('record', 'half-changed', '--flavour', 'seed-v1')
  const record = ['record', 'half-changed', '--module', module('examples/forgotten-flush.ts')]
  expect(await pagetrail([...record, '--db', db])).toMatchObject({ status: 0 })
  const gate = ['diff', '--gate', 'outcome,effect', '--max-cost', 'flushes=0', baseline, '1']
  const { status, out } = await pagetrail(gate, env(db))
  expect(status).toBe(1)
  expect(out).toMatch(/^effect: failed: \d+ × .* in set_memory_valid: /m)
  expect(out).not.toMatch(/^(outcome|cost flushes): failed/m)
  const junit = (await pagetrail([...gate, '--format', 'junit'], env(db))).out
  expect(junit).toContain('tests="5" failures="1" errors="0" skipped="0"')
  expect(junit).toMatch(/name="effect" time="0">\n +<failure type="different" message="failed: /)
  expect(junit).toContain('<testcase classname="pagetrail.diff" name="outcome" time="0"/>')
  const json = jsonLines((await pagetrail([...gate, '--json'], env(db))).out)
  expect(json).toContainEqual(expect.objectContaining({ type: 'gate', answer: 'different' }))
  const markdown = (await pagetrail([...gate, '--format', 'markdown'], env(db))).out
  expect(markdown).toMatch(/^gate failed: .*\n\n\* effect: failed/)
  expect(markdown).toContain('\n# half-changed/4k-48/seed-v1 against ')
})

test('what a capture does not show is not decided: 3', async () => {
  const { baseline, db } = await golden('import', capture('6.18.15'))
  const gate = ['--max-cost', 'locks=0', baseline, capture('6.18.15')]
  const { status, out } = await pagetrail(['diff', ...gate], env(db))
  expect(status).toBe(3)
  expect(out).toContain('\ncost locks: not decided: the baseline does not show locks\n')
  const junit = await pagetrail(['diff', ...gate, '--format', 'junit'], env(db))
  expect(junit).toMatchObject({ status: 3 })
  expect(junit.out).toContain(
    '<error type="unknown" message="not decided: the baseline does not show locks">',
  )
})

test('where that is allowed the gate passes in one line, which says it, and no format fails', async () => {
  const { baseline, db } = await golden('import', capture('6.18.15'))
  const gate = ['diff', '--max-cost', 'locks=0', '--allow-undecided', baseline, capture('6.18.15')]
  const { status, out } = await pagetrail(gate, env(db))
  expect(status).toBe(0)
  expect(out).toMatch(
    /^gate passed: [^\n]*; cost locks not decided, which is allowed: the baseline does not show locks\n$/,
  )
  const junit = await pagetrail([...gate, '--format', 'junit'], env(db))
  expect(junit).toMatchObject({ status: 0 })
  expect(junit.out).toContain('failures="0" errors="0" skipped="1"')
  expect(junit.out).toContain(
    '<skipped type="unknown" message="not decided: the baseline does not show locks">',
  )
  const github = await pagetrail([...gate, '--format', 'github'], env(db))
  expect(github.out).toMatch(/^::warning [^\n]*not decided[^\n]*\n::notice [^\n]*gate passed/)
})

test.each([
  [['--gate', 'outcom'], 'no question outcom, did you mean outcome?'],
  [['--max-cost', 'barrier=1'], 'no cost barrier, did you mean barriers?'],
  [['--max-cost', 'barriers:1'], 'barriers:1 is not a bound of a cost; write NAME=N or NAME=N%'],
  [['--max-cost', 'barriers=1.5'], 'a cost is a whole number'],
  [['--max-cost', 'barriers=0.125%'], '0.125 is too large, or has more than two decimals'],
  [['--max-cost', 'barriers=99999999999999999999'], 'is too large'],
  [['--max-cost', 'barriers=0,barriers=+10%'], 'barriers has two bounds; give it one'],
  // A variable that is not set.
  [['--gate', ''], '--gate names no question; there are outcome, effect, path, cost'],
  [['--max-cost', ' , '], '--max-cost names no cost; there are events, '],
  [['--format', 'junit'], '--format junit is that of a gate; name what must hold: --gate'],
  [['--gate', 'path', '--by', 'path'], '--by asks one question; --gate names those that count'],
])('refuses %j', async (args, message) => {
  const file = capture('6.18.15')
  const { status, err } = await pagetrail(
    ['diff', ...args, file, file],
    env(join(folder(), 'x.db')),
  )
  expect(status).toBe(2)
  expect(err).toContain(message)
})

test('a baseline that was cut decides nothing about what only the new run has', async () => {
  const { baseline, db, at } = await golden('import', capture('6.18.15'))
  const whole = gunzipSync(readFileSync(baseline)).toString().split('\n')
  const cut = join(at, 'cut.jsonl')
  const within = whole.findIndex((line) => line.includes('"op":7,') && line.includes('desc_write'))
  writeFileSync(cut, `${whole.slice(0, within + 1).join('\n')}\n`)
  const gate = ['diff', '--gate', 'outcome,effect,path,cost', cut, capture('6.18.15')]
  const { status, out } = await pagetrail([...gate, '-q'], env(db))
  expect(status).toBe(3)
  expect(out).toMatch(
    /^calls: not decided: \d+ calls in the new run only: .*, perhaps among the events that the baseline lost$/m,
  )
  expect(out).toMatch(/^path: not decided: 1 pair of calls with lost events$/m)
  // Nothing follows, so no blank line does.
  expect(out).not.toMatch(/\n\n/)
  const junit = await pagetrail([...gate, '--format', 'junit'], env(db))
  expect(junit.out).not.toMatch(/<failure|<(error|skipped)[^>]*><\//)
})

const flip = (_: string, head: string, value: string): string =>
  `${head}0x${(BigInt(value) ^ (1n << 54n)).toString(16)}`

test('a bit that differs is named, also where the call returns the same', async () => {
  const { baseline, db, at } = await golden('import', capture('6.18.15'))
  const bit = join(at, 'bit.jsonl')
  const text = gunzipSync(readFileSync(baseline)).toString()
  writeFileSync(bit, text.replace(/("kind":"desc_write".*?"new":")(0x[0-9a-f]+)/, flip))
  const { status, out } = await pagetrail(['diff', '--gate', 'outcome', baseline, bit], env(db))
  expect(status).toBe(1)
  expect(out).toMatch(
    /^outcome: failed: call 0 \| 0: set_memory_ro .* = 0 \| .* = 0, and what it stored translates differently$/m,
  )
})

test('part of a run passes as a part', async () => {
  const { baseline, db } = await golden('import', capture('6.18.15'))
  const gate = ['diff', '--gate', 'path', '--calls', '2-4', '--ignore', 'dsb', baseline, baseline]
  const { status, out } = await pagetrail(gate, env(db))
  expect(status).toBe(0)
  expect(out).toMatch(/; only calls 2-4; ignoring dsb; path the same in 3 pairs of calls\n$/)
})

test('standard input is read where it is named as a file', async () => {
  const file = capture('6.18.15')
  const { status, err } = await pagetrail(['diff', file, '-'], env(join(folder(), 'x.db')))
  expect(status).toBe(2)
  expect(err).toContain('standard input is called /dev/stdin')
})

test('--format html: the page when the gate does not pass, with its reasons; else one line', async () => {
  const { baseline, db } = await golden('record', 'clean-ro', '--flavour', 'seed-v1')
  const record = ['record', 'clean-ro', '--module', module('test/fixtures/flush-first.ts')]
  expect(await pagetrail([...record, '--db', db])).toMatchObject({ status: 0 })
  const gate = ['diff', '--gate', 'effect', '--format', 'html', baseline]
  const failed = await pagetrail([...gate, '1'], env(db))
  expect(failed.status).toBe(1)
  expect(failed.out).toMatch(/^<!doctype html>/)
  expect(failed.out).toContain('<li><b>effect</b> failed: 8 × held in set_memory_ro: ')
  expect(failed.out).toContain(
    'golden.jsonl.gz clean-ro/4k-48/flush-first.ts --gate effect --format html',
  )
  const passed = await pagetrail([...gate, baseline], env(db))
  expect(passed).toMatchObject({ status: 0 })
  expect(passed.out).toMatch(/^gate passed: [^\n]*\n$/)
})

test('--detail: the JSON has what the page shows', async () => {
  const file = capture('6.18.15')
  const none = env(join(folder(), 'none.db'))
  const diff = await pagetrail(['diff', file, file, '--detail', '--json'], none)
  const types = jsonLines(diff.out).map(({ type }) => type)
  expect(types).toEqual(expect.arrayContaining(['debts', 'table', 'rule']))
  const check = await pagetrail(['check', file, '--detail', '--json'], none)
  const lines = jsonLines(check.out)
  expect(lines.find(({ type }) => type === 'table')).toMatchObject({ level: 'pte' })
  expect(lines.at(-1)).toMatchObject({ type: 'end', rows: lines.length - 2 })
  const page = await pagetrail(['check', file, '--format', 'html'], none)
  expect(page.out).toMatch(
    /<h1>(No error, no warning; \d+ of \d+ rules undecided|(Broken|Warnings): [\w-]+(, [\w-]+)*)<\/h1>/,
  )
})
