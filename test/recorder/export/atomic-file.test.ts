import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { writeFileAtomic } from '@pagetrail/recorder'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-atomic-'))
  path = join(folder, 'out.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the file appears when it is whole', async () => {
  function* pieces() {
    yield 'a\n'
    expect(readdirSync(folder)).not.toContain('out.jsonl')
    yield 'ü\n'
  }
  expect(await writeFileAtomic(path, pieces())).toBe(5)
  expect(readFileSync(path, 'utf8')).toBe('a\nü\n')
  expect(readdirSync(folder)).toEqual(['out.jsonl'])
})

function* failing() {
  yield 'new'
  throw new Error('source failed')
}

test('a failure leaves what was there before, and nothing else', async () => {
  writeFileSync(path, 'old')
  await expect(writeFileAtomic(path, failing())).rejects.toThrow('source failed')
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['out.jsonl'])
})

test('a name that ends in .gz is packed, equal text to equal bytes; a failure leaves nothing', async () => {
  const packed = `${path}.gz`
  const text = ['a\n'.repeat(100_000), 'ü\n']
  const bytes = await writeFileAtomic(packed, text)
  const first = readFileSync(packed)
  expect(first.length).toBe(bytes)
  expect(gunzipSync(first).toString()).toBe(text.join(''))
  await writeFileAtomic(packed, text)
  expect(readFileSync(packed).equals(first)).toBe(true)
  rmSync(packed)
  await expect(writeFileAtomic(packed, failing())).rejects.toThrow('source failed')
  expect(readdirSync(folder)).toEqual([])
})

test('a signal stops it between two pieces', async () => {
  const controller = new AbortController()
  let given = 0
  function* pieces() {
    for (;;) {
      if (++given === 3) controller.abort(new Error('Ctrl-C'))
      yield 'x'
    }
  }
  await expect(writeFileAtomic(path, pieces(), controller.signal)).rejects.toThrow('Ctrl-C')
  expect(given).toBe(3)
  expect(readdirSync(folder)).toEqual([])
})

test('what a killed process left of the file is cleared away, what a living one writes is not', async () => {
  // The largest process number of Linux is 2^22.
  const left = ['.out.jsonl.partial-99999999', `.out.jsonl.partial-${process.ppid}`]
  for (const name of left) writeFileSync(join(folder, name), '')
  function* pieces() {
    expect(readdirSync(folder)).toEqual([left[1], `.out.jsonl.partial-${process.pid}`].toSorted())
    yield 'a'
  }
  await writeFileAtomic(path, pieces())
  expect(readdirSync(folder)).toEqual([left[1], 'out.jsonl'])
})

test('a folder that is not there is told by its path', async () => {
  await expect(writeFileAtomic(join(folder, 'none', 'x'), ['x'])).rejects.toThrow(/ENOENT.*none/)
})
