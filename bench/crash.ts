import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import {
  type Crash,
  crashInMigration,
  crashOfSeveral,
  crashOnce,
  crashWhenFull,
  crashWhileMarking,
  type Moment,
} from '../test/support/harm/crash.ts'
import { random } from '../test/support/harm/damage.ts'
import { add, figuresIn, keep } from '../test/support/harm/figures.ts'

/**
 * Kills recorders at random moments, as often as asked, and proves each file: one; three into one file, one of them
 * through a symbolic link; on a disk that fills up; while a file of 0.1 is brought up to date; while places are marked.
 *
 *     node bench/crash.ts [times] [seed] [figures.json]
 *
 * Ctrl-C ends it after the present one, with the figures so far; with a file for the figures it goes on where that
 * ended. A seed that failed can be given again, although what the moment meets depends on the machine.
 */
const times = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? 1)
const figures = figuresIn(process.argv[4], seed)
const below = random(seed)

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-crash-'))
const fixture = join(import.meta.dirname, '../test/fixtures/v0.1/runs.db.gz')
const old = gunzipSync(readFileSync(fixture))

/** A file system of so many bytes, where this process may mount one. */
function small(path: string, bytes: number): boolean {
  mkdirSync(path)
  const argv = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]
  return spawnSync('mount', argv).status === 0
}

async function onSmallDisk(path: string, moment: Moment, bytes: number): Promise<Crash> {
  const disk = `${path}.disk`
  if (!small(disk, bytes))
    throw new Error('mounting a small file system needs root: run it in a container')
  try {
    const makeRoom = () => void spawnSync('mount', ['-o', 'remount,size=64m', disk])
    return await crashWhenFull(join(disk, 'runs.db'), moment, makeRoom)
  } finally {
    spawnSync('umount', [disk])
  }
}

type Kill = (path: string, moment: Moment, bytes: number) => Promise<Crash>
const KINDS: readonly (readonly [string, Kill])[] = [
  ['one recorder', crashOnce],
  ['three recorders, one through a link', crashOfSeveral],
  ['a disk that fills up', onSmallDisk],
  ['a file of 0.1, brought up to date', (path, moment) => crashInMigration(path, old, moment)],
  ['places are marked', crashWhileMarking],
]

const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
for (let i = 0; i < times && !stop.signal.aborted; i++) {
  const [name, crash] = KINDS[i % KINDS.length]!
  const moment: Moment = {
    since: below(5) === 0 ? 'start' : 'commit',
    durability: below(2) === 0 ? 'batch' : 'call',
    delayMs: below(name.includes('disk') ? 4000 : 250),
  }
  const bytes = 220_000 + below(600_000)
  if (i < figures.times) continue
  const path = join(folder, `${i}.db`)
  const { acknowledged, found, filled } = await crash(path, moment, bytes)
  add(figures, name, 'times')
  add(figures, name, 'promised', acknowledged)
  add(figures, name, 'found', found)
  if (found > 0) add(figures, name, 'begun')
  if (filled) add(figures, name, 'filled')
  figures.times = i + 1
  keep(process.argv[4], figures)
  for (const end of ['', '-wal', '-shm', '.link', '.disk'])
    rmSync(path + end, { force: true, recursive: true })
}
rmSync(folder, { recursive: true })
console.log('| what was killed | times | after its first commit | promised | found |')
console.log('|---|---|---|---|---|')
for (const [name] of KINDS) {
  const { times: n = 0, begun = 0, filled, promised = 0, found = 0 } = figures.rows[name] ?? {}
  const full = filled ? ` (${filled} times it was full)` : ''
  console.log(`| ${name}${full} | ${n} | ${begun} | ${promised} | ${found} |`)
}
