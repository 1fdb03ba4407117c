import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { isOfNow, threadProgram } from '../../../packages/recorder/src/thread/thread-program.ts'

const BEGAN = 1_700_000_000_000
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thread-program-'))
  mkdirSync(join(folder, 'src'))
  for (const name of ['a.ts', 'b.ts']) source(name, -1_000)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A source that was last changed so many ms after the build had begun. */
function source(name: string, changed: number): void {
  const path = join(folder, 'src', name)
  writeFileSync(path, '')
  utimesSync(path, (BEGAN + changed) / 1000, (BEGAN + changed) / 1000)
}

function built(): string {
  mkdirSync(join(folder, 'dist'), { recursive: true })
  const list = join(folder, 'dist/a.json')
  writeFileSync(list, JSON.stringify({ began: BEGAN, from: ['../src/a.ts', '../src/b.ts'] }))
  return list
}

test('a bundle is run while no source of it has changed', () => {
  expect(isOfNow(built())).toBe(true)
})

test.each([0, 1, 86_400_000])('not where one was changed %d ms after it was begun', (changed) => {
  source('b.ts', changed)
  expect(isOfNow(built())).toBe(false)
})

test('not where one is gone', () => {
  rmSync(join(folder, 'src/a.ts'))
  expect(isOfNow(built())).toBe(false)
})

test.each(['side-thread', 'translator'] as const)('%s has a program, built or not', (name) => {
  expect(existsSync(threadProgram(name))).toBe(true)
})
