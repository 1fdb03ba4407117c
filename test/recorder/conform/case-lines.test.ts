import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { caseLines } from '../../../packages/recorder/src/conform/cases.ts'
import { openInput } from '../../../packages/recorder/src/import/bytes/open-input.ts'

/** More than a file is read at once, several times, and cut anywhere. */
const LINES = Array.from({ length: 40_000 }, (_, n) => `{"id":"${n}${'x'.repeat(n % 211)}"}`)
const TEXT = Buffer.from(LINES.map((line) => `${line}\n`).join(''))

test.each([
  ['plain', TEXT],
  ['packed', gzipSync(TEXT)],
])('lines of a large file are whole where it is read in pieces: %s', async (name, bytes) => {
  const folder = mkdtempSync(join(tmpdir(), 'case-lines-'))
  const path = join(folder, name)
  writeFileSync(path, bytes)
  const lines: string[] = []
  const { chunks } = await openInput(path, {})
  for await (const { text } of caseLines(chunks, name)) lines.push(text)
  rmSync(folder, { recursive: true })
  expect(lines).toEqual(LINES)
})
