import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  type Answer,
  damaged,
  pagesOf,
  QUESTIONS,
  random,
  replaceWith,
  run,
  soundFile,
} from '../test/support/harm/damage.ts'
import { add, figuresIn, keep } from '../test/support/harm/figures.ts'

/**
 * Damages a database at random places and asks every verb, every format of export and every question of the screens:
 * an answer that is not the one of the sound file, with an exit status that does not say so, is a wrong one.
 *
 *     node bench/damage.ts [damages] [seed] [figures.json]
 *
 * With a file for the figures it goes on where that ended, and Ctrl-C ends it after the present damage.
 */
const times = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? 1)
const figures = figuresIn(process.argv[4], seed)
const below = random(seed)

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-damage-'))
const db = join(folder, 'runs.db')
await soundFile(db)
const sound = readFileSync(db)
const tables = pagesOf(db)

const right = new Map<string, Answer>()
for (const [name, ask] of QUESTIONS) {
  const answer = await ask(db, folder)
  if (answer.status === 2 || answer.status === 70) throw new Error(`${name}: ${answer.status}`)
  right.set(name, answer)
}
/** `sql` as it is run: in a process of its own, which takes a while; after every twentieth damage. */
const query = ['sql', 'select count(*), total(new), sum(kind) from event'] as const
const APART = 'sql, in a process of its own'
right.set(APART, await run(db, query))

const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
for (let i = 0; i < times && !stop.signal.aborted; i++) {
  const image = damaged(sound, tables, below)
  if (i < figures.times) continue
  replaceWith(db, image)
  const { status } = await run(db, ['verify'])
  add(figures, 'verify', status === 70 ? 'crashed' : status === 0 ? 'right' : 'refused')
  for (const [name, ask] of QUESTIONS) count(i, image, name, await ask(db, folder))
  if (i % 20 === 0) count(i, image, APART, await run(db, query))
  figures.times = i + 1
  keep(process.argv[4], figures)
}

function count(i: number, image: Buffer, name: string, found: Answer): void {
  const expected = right.get(name)!
  const same = found.status === expected.status && found.out === expected.out
  const what =
    found.status === 70 ? 'crashed' : found.status === 2 ? 'refused' : same ? 'right' : 'wrong'
  add(figures, name, what)
  if (what === 'right' || what === 'refused') return
  const kept = join(tmpdir(), `damage-${seed}-${i}.db`)
  writeFileSync(kept, image)
  console.error(`damage ${i}: ${name} answers ${found.status}, kept as ${kept}`)
}

rmSync(folder, { recursive: true })
console.log(`${figures.times} damages of a file of ${sound.length} bytes, five runs\n`)
const COLUMNS = ['right', 'refused', 'wrong', 'crashed']
console.log(`| question | ${COLUMNS.join(' | ')} |\n|---|---|---|---|---|`)
for (const name of [...right.keys(), 'verify']) {
  const row = figures.rows[name] ?? {}
  console.log(`| ${name} | ${COLUMNS.map((column) => row[column] ?? 0).join(' | ')} |`)
}
