import { describe, expect, test } from 'vitest'
import { KernelLog } from '../../../packages/recorder/src/import/kmsg.ts'
import { folder, pagetrail } from '../../support/cli.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const header = '{"pagetrail":2,"run":{"label":"kunit","shows":["barrier"]}}'
const barrier = (seq: number) => `{"seq":${seq},"cpu":0,"op":null,"kind":"barrier"}`
const end = (events: number) => `{"end":{"events":${events},"calls":0}}`

/** What a log of these lines comes to. */
function taken(lines: readonly string[]): string[] {
  const log = new KernelLog('a-log')
  return lines.flatMap((line) => log.lines(line))
}
const printed = (json: string) => `[   12.345678] pagetrail: ${json}`
const gap = (seq: number, lost: number) =>
  `{"seq":${seq},"cpu":0,"op":null,"kind":"gap","lost":${lost},"reason":"lines missing from the kernel log"}`

describe('KernelLog', () => {
  test.each([
    ['dmesg', '[    1.204567] '],
    ['dmesg -x', 'kern  :info  : [    1.204567] '],
    ['dmesg -T', '[Thu Nov 26 14:00:00 2026] '],
    ['the journal', 'Nov 26 14:00:00 host kernel: '],
    ['a console with caller ids', '[    1.204567][  T123] '],
    ['a raw buffer', '<6>[    1.204567] '],
    ['KUnit, indented', '    # '],
  ])('takes the lines of %s', (_, before) => {
    const lines = [header, barrier(0), end(1)]
    expect(taken(lines.map((json) => `${before}pagetrail: ${json}`))).toEqual(lines)
  })

  test('other lines are none of its business', () => {
    expect(taken(['[ 1.0] Booting Linux', '{"seq":0}', 'notpagetrail: {"seq":0}'])).toEqual([])
  })

  test('lines that the log lost are a gap, and what follows is numbered on', () => {
    const lines = [header, barrier(0), barrier(3), end(5)].map(printed)
    expect(taken(lines)).toEqual([header, barrier(0), gap(1, 2), barrier(2), gap(3, 1), end(4)])
  })

  test('a torn line is lost; a call whose begin is lost is not counted', () => {
    const call =
      '{"seq":1,"cpu":0,"op":0,"kind":"op_begin","fn":"f","va":null,"end":null,"args":null}'
    const torn = [
      header,
      barrier(0),
      call.slice(0, 40),
      barrier(2),
      '{"end":{"events":3,"calls":1}}',
    ]
    expect(taken(torn.map(printed))).toEqual([header, barrier(0), gap(1, 1), barrier(2), end(3)])
  })

  test('a log that begins in the middle of a run names the run after itself', () => {
    const bare = '{"pagetrail":2,"run":{"label":"a-log"}}'
    expect(taken([barrier(7), end(8)].map(printed))).toEqual([bare, gap(0, 7), barrier(1), end(2)])
  })

  test('two runs one after the other', () => {
    const run = [header, barrier(0), end(1)]
    expect(taken([...run, ...run].map(printed))).toEqual([...run, ...run])
  })

  test('the same lines twice, or two runs at once, are refused', () => {
    expect(() => taken([header, barrier(0), barrier(0)].map(printed))).toThrow(
      'event 0 comes after event 0: the log holds a line twice, or two runs at once',
    )
    expect(() => taken([header, barrier(0), barrier(1), end(1)].map(printed))).toThrow(
      'the end line says {"events":1,"calls":0} after 2 events',
    )
  })
})

async function imported(lines: readonly string[]) {
  const dir = folder()
  const file = join(dir, 'dmesg.txt')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const db = join(dir, 'runs.db')
  const made = await pagetrail(['--db', db, 'import', file, '--format', 'kmsg'])
  return { ...made, runs: await pagetrail(['--db', db, 'runs', '--json']), file }
}

describe('import --format kmsg', () => {
  test('a run says how many events the log lost', async () => {
    const { status, runs } = await imported([header, barrier(0), barrier(3), end(4)].map(printed))
    expect(status).toBe(0)
    expect(JSON.parse(runs.out.split('\n')[1] ?? '')).toMatchObject({
      label: 'kunit',
      events: 3,
      lost: 2,
    })
  })

  test('errors name the line of the log', async () => {
    const wrong = '{"seq":0,"cpu":0,"op":null,"kind":"barier"}'
    const { status, err, file } = await imported(['noise', printed(header), printed(wrong)])
    expect(status).toBe(2)
    expect(err).toContain(`${file}:3: unknown kind barier`)
  })

  test('a log without such lines, or with none that is whole, says so', async () => {
    const none = await imported(['[ 1.0] Booting Linux'])
    expect(none).toMatchObject({
      status: 2,
      err: expect.stringContaining('has no lines of `pagetrail:`'),
    })
    const torn = await imported([printed('{"pagetrail":2,"ru')])
    expect(torn).toMatchObject({ status: 2, err: expect.stringContaining('none of its 1 lines') })
  })
})
