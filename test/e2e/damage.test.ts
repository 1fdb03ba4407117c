import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import {
  type Answer,
  damaged,
  pagesOf,
  QUESTIONS,
  random,
  replaceWith,
  soundFile,
} from '../support/harm/damage.ts'
import { testFolder } from '../support/files.ts'

/** Those that take little time; `node bench/damage.ts` asks all of them, a thousand times. */
const QUICK = [
  'runs --json',
  'info 2',
  'show 2 333',
  'state 2 --at 300',
  'export 1 --format csv',
  'screen: window',
  'screen: names',
  'screen: marks',
]

test('a damaged file is refused or answered as the sound one, by whichever verb', async () => {
  const folder = testFolder()
  const db = join(folder, 'runs.db')
  await soundFile(db)
  const sound = readFileSync(db)
  const tables = pagesOf(db)
  const right = new Map<string, Answer>()
  for (const name of QUICK) right.set(name, await QUESTIONS.get(name)!(db, folder))
  expect([...right.values()].map(({ status }) => status)).toEqual(QUICK.map(() => 0))
  const below = random(7)
  const answers: { what: string; found: Answer }[] = []
  for (let i = 0; i < 15; i++) {
    replaceWith(db, damaged(sound, tables, below))
    for (const name of QUICK)
      answers.push({ what: name, found: await QUESTIONS.get(name)!(db, folder) })
  }
  const given = answers.filter(({ found }) => found.status !== 2)
  expect(given).toEqual(given.map(({ what }) => ({ what, found: right.get(what) })))
  expect(given.length).toBeGreaterThan(10)
  expect(answers.length - given.length).toBeGreaterThan(10)
}, 60_000)
