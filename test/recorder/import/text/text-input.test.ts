import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { importFile } from '../../../../packages/recorder/src/import/import.ts'
import { openRuns, type RunFile } from '../../../../packages/recorder/src/store/run-file.ts'
import { lines } from '../imported.ts'

let folder: string
let runFile: RunFile

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-text-'))
  runFile = await openRuns(':memory:', { mode: 'write' })
})

afterEach(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

/** Imports a text as a file, which is read again where its later lines show more of the earlier ones. */
function load(text: string) {
  const path = join(folder, 'a.trace')
  writeFileSync(path, text)
  return importFile(runFile, path, { created: 0 })
}

/** Kinds and times of what a text becomes. */
async function kinds(text: string): Promise<string[]> {
  const { run } = await load(text)
  const events = [...runFile.source(runFile.find(String(run))).events()]
  return events.map(({ kind, ts }) => `${kind} ${ts}`)
}

const at = (time: string, text: string) =>
  `          loader-77      [000] d....    ${time}: ${text}\n`
const CALL = 'addr=0xffff8000810a0000 numpages=1'
const counted = (entries: number) =>
  `# entries-in-buffer/entries-written: ${entries}/${entries}   #P:1\n`

test('a late line that ends a file without a line feed is put where its time is', async () => {
  const begin = at('1.000000', `set_memory_ro: (x) ${CALL}`)
  const end = at('1.100000', `set_memory_ro_ret: (x) ${CALL} ret=0`)
  const next = at('2.000000', `set_memory_rw: (x) ${CALL}`)
  const whole = ['op_begin 0', 'op_end 100000000', 'op_begin 1000000000', 'gap 1000000000']
  expect(await kinds(counted(3) + begin + next + end.trimEnd())).toEqual(whole)
  // One that has lost its end leaves a gap there: it is not known what it was.
  const torn = [whole[0], 'gap 0', 'gap 1000000000', ...whole.slice(2)]
  expect(await kinds(begin + next + end.slice(0, 80))).toEqual(torn)
})

test.each([
  ['a field without a meaning', 'vfree: (x) addr=0xffff800082e41000 caller=0x1', ' caller=0x1'],
  ['digits of an address', 'vfree: (x) addr=0xffff800082e41000', '41000'],
  ['all digits', 'update_range_prot: (x) start=0xffff800082e41000 size=0x1000 clear=0x80', 'x80'],
])('a line that has lost %s is known by the others, also before them', async (_, whole, lost) => {
  const torn = whole.slice(0, -lost.length)
  for (const text of [lines(whole, torn, whole), lines(torn, whole, whole)]) {
    const { unreadable, entries } = await load(text)
    expect([unreadable, entries]).toEqual([1, 2])
  }
})

test('a trace that came by mail has the events of the one that was sent, and says so', async () => {
  const whole = ['1', '2', '3']
    .map(
      (second) =>
        at(`${second}.000000`, `set_memory_ro: (set_memory_ro+0x0/0x40) ${CALL}`) +
        at(`${second}.100000`, `set_memory_ro_ret: (load+0x1/0x2 <- set_memory_ro) ${CALL} ret=0`),
    )
    .join('')
  const folded = whole.replaceAll(/.{1,76}$|(.{40,76}) /gm, (part, cut?: string) =>
    cut === undefined ? part : `${cut}\n`,
  )
  expect(await kinds(folded)).toEqual(await kinds(whole))
  expect(await load(folded)).toMatchObject({ entries: 6, unreadable: 0, folded: 6 })
  const cut = whole.replaceAll(/(?<=^.{90}).*/gm, '')
  await expect(load(cut)).rejects.toThrow('cut at column 90')
})

/** What of a text that counts two events is noted as its count, because it does not hold them. */
async function notedCount(text: string) {
  const { run } = await load(counted(2) + text)
  return runFile.find(String(run)).facts['counted']
}

test('a trace with a broken line does not hold what it counts, even where another is in it twice', async () => {
  const begin = at('1.000000', `set_memory_ro: (x) ${CALL}`)
  const end = at('1.100000', `set_memory_ro_ret: (x) ${CALL} ret=0`)
  expect(await notedCount(begin + end)).toBeUndefined()
  expect(await notedCount(begin + begin + end.slice(0, 60) + '\n')).toBe(2)
  const barrier = at('1.050000', 'isb__a: (x)')
  expect(await notedCount(barrier + barrier)).toBe(2)
  expect(await notedCount(barrier + at('1.050001', 'isb__a: (x)'))).toBeUndefined()
  expect(await notedCount(`${begin}${end}root@host:~# cat trace\n`)).toBeUndefined()
})

test('a field that a line has twice is of two lines', async () => {
  const { unreadable } = await load(lines('isb__a: (x)', `set_memory_ro: (x) ${CALL} ${CALL}`))
  expect(unreadable).toBe(1)
})
