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

/**
 * Damages a database at random places and asks every verb, every format of export and every question of the screens:
 * an answer that is not the one of the sound file, with an exit status that does not say so, is a wrong one.
 *
 *     node bench/damage.ts [damages] [seed]
 */
const times = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? 1)
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

const counts = new Map(
  [...right.keys(), 'verify'].map((name) => [name, { right: 0, refused: 0, wrong: 0, crashed: 0 }]),
)

for (let i = 0; i < times; i++) {
  const image = damaged(sound, tables, below)
  replaceWith(db, image)
  const { status } = await run(db, ['verify'])
  const verify = counts.get('verify')!
  if (status === 70) verify.crashed++
  else if (status === 0) verify.right++
  else verify.refused++
  for (const [name, ask] of QUESTIONS) count(i, image, name, await ask(db, folder))
  if (i % 20 === 0) count(i, image, APART, await run(db, query))
}

function count(i: number, image: Buffer, name: string, found: Answer): void {
  const [expected, row] = [right.get(name)!, counts.get(name)!]
  if (found.status === 70) row.crashed++
  else if (found.status === 2) row.refused++
  else if (found.status === expected.status && found.out === expected.out) {
    row.right++
    return
  } else row.wrong++
  if (found.status === 2) return
  const kept = join(tmpdir(), `damage-${seed}-${i}.db`)
  writeFileSync(kept, image)
  console.error(`damage ${i}: ${name} answers ${found.status}, kept as ${kept}`)
}

rmSync(folder, { recursive: true })
console.log(`${times} damages of a file of ${sound.length} bytes, five runs\n`)
console.log('| question | right | refused | wrong | crashed |\n|---|---|---|---|---|')
for (const [name, row] of counts)
  console.log(`| ${name} | ${row.right} | ${row.refused} | ${row.wrong} | ${row.crashed} |`)
