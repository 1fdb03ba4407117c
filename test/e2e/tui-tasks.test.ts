import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { writeLongCalls } from '../support/long-calls.ts'
import { PtyScreen, type PtyOptions } from '../support/terminal/pty.ts'

/** What an engineer does with the screens and nothing else, its keys counted. */
const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
const demo = (kernel: string) =>
  join(root, 'packages', 'tui', 'demo', `modules_small-${kernel}.trace.gz`)
const folder = mkdtempSync(join(tmpdir(), 'pagetrail-tasks-'))
const db = join(folder, 'pagetrail.db')
let open: PtyScreen[] = []

const command = (...args: string[]) =>
  execFileSync(process.execPath, [program, '--db', db, ...args], { encoding: 'utf8' })

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'packages', 'tui', 'build.ts')])
  for (const kernel of ['6.17.13', '6.18.15']) {
    command('import', demo(kernel), '--label', `modules-${kernel}`)
  }
  command('record', 'two-owners', '--flavour', '7.3')
})
afterEach(() => {
  for (const s of open) s.kill('SIGKILL')
  open = []
})

function start(args: readonly string[] = [], options: PtyOptions = {}): PtyScreen {
  const s = new PtyScreen(process.execPath, [program, ...args], {
    columns: 120,
    rows: 36,
    cwd: folder,
    ...options,
    env: { XDG_STATE_HOME: mkdtempSync(join(folder, 'state-')), ...options.env },
  })
  open.push(s)
  return s
}

/** Types keys one by one; what is counted is what a person would press. */
class Keys {
  count = 0
  readonly #screen: PtyScreen

  constructor(screen: PtyScreen) {
    this.#screen = screen
  }

  async press(keys: readonly string[], ok: RegExp | string): Promise<void> {
    for (const key of keys) {
      this.count++
      this.#screen.write(key)
    }
    await this.#screen.until(ok)
  }
}

test('the first call whose effect the other kernel lacks: four keys from the start', async () => {
  const s = start()
  await s.until(/▶ +#1 /)
  const keys = new Keys(s)
  await keys.press(['m', 'j', 'd'], /effect = {2}path ≠/)
  await keys.press(['e'], /▶ +· +│ +[\d,]+ call 77 set_direct_map_invalid_noflush/)
  expect(keys.count).toBeLessThanOrEqual(8)
})

test('the first difference in effect: the one page of 10,000 that stays writable, four keys from the start', async () => {
  const { db: long } = await writeLongCalls()
  const s = start(['--db', long])
  await s.until(/▶ +#1 /)
  const keys = new Keys(s)
  await keys.press(['m', 'j', 'd'], /effect ≠ {2}path ≠/)
  await keys.press(['e'], /▶~ [\d, ]+ │ │ │ ◆ pte write [^│]*│ ~ [\d, ]+ │ │ │ ◇ pte write 0x/)
  expect(keys.count).toBeLessThanOrEqual(8)
})

test('the one odd page of a set_memory_ro of 10,000: three keys from the list of runs', async () => {
  const { db: long, odd } = await writeLongCalls()
  const s = start(['--db', long])
  await s.until(/▶ +#1 /)
  const keys = new Keys(s)
  // Its rows come a moment after its place.
  await keys.press(['j', '\r'], /▶ +0 c0 +▾ set_memory_ro/)
  // The cursor is on the callback around the store.
  await keys.press(['O'], ` at ${(odd - 1).toLocaleString('en')} of `)
  expect(s.text()).toMatch(
    /▶!? +[\d,]+ .*▾ pte pageattr_pte_entry[^\n]*\n[^\n]*◇ pte write \S+ same/,
  )
  expect(keys.count).toBeLessThanOrEqual(6)
})

test('from a line of an answer to its place and back: ⏎ and ^O', async () => {
  const s = start(['1', '2'])
  await s.until(/path ≠/)
  const keys = new Keys(s)
  await keys.press(['\t'], /cost {2}of the 93 pairs/)
  await keys.press(['n', '\r'], /▶ +[\d,]+ call \d+ /)
  await keys.press(['\x0f'], /▶ +(e\.g\. call|\d+ ×) /)
  expect(keys.count).toBeLessThanOrEqual(4)
})

test('every event of a proof: four keys at most', async () => {
  const s = start(['3'])
  await s.until('! lost-update')
  const keys = new Keys(s)
  await keys.press(['c'], /error: lost-update \(H\d+\)/)
  const proof = [...s.text().matchAll(/^┃[▶›] +#(\d+) c\d /gm)].map(([, seq]) => seq)
  expect(proof.length).toBeGreaterThan(1)
  await keys.press(['\r'], new RegExp(`▶!? *${proof[0]} `))
  await keys.press(['e'], new RegExp(`▶! *${proof[1]} `))
  expect(keys.count).toBeLessThanOrEqual(4)
})

test('which CPU undid whose update is on the first screen, without a key', async () => {
  const s = start(['3'])
  await s.until(/lost-update: CPU 1 overwrites/)
  expect(s.text()).toMatch(/seq +CPU 0 +│ CPU 1/)
})

test('a module by plain search: twelve keys', async () => {
  const s = start(['1'])
  await s.until(/▶ +0 /)
  const keys = new Keys(s)
  await keys.press([...'fmodule_loa'], /1 of 3 matches/)
  await keys.press(['\r'], /▶ +[\d,]+ .*module_load/)
  expect(keys.count).toBeLessThanOrEqual(12)
})

test('the first line is right wherever the cursor stood, and after what was typed ahead', async () => {
  const line = `printf 'xxxxxx\\033[5;40Hyyy'; exec "$0" "$@"`
  const s = new PtyScreen('/bin/sh', ['-c', line, process.execPath, program], {
    columns: 100,
    rows: 24,
    cwd: folder,
    env: { XDG_STATE_HOME: folder },
  })
  open.push(s)
  s.write('jj')
  await s.until(/▶ +#3 /)
  expect(s.lines()[0]).toMatch(/^ pagetrail ▸ Runs {10,}3 runs {2}\? help/)
  s.write('\x0c')
  await s.until((text) => text.startsWith(' pagetrail ▸ Runs '))
  expect(s.lines()[2]).toMatch(/^┏━ Runs ━/)
})

test('a terminal that reports no size is taken for one of 80 × 24', async () => {
  const s = new PtyScreen(
    '/bin/sh',
    ['-c', `stty cols 0 rows 0; exec "$0" "$@"`, process.execPath, program],
    {
      columns: 80,
      rows: 24,
      cwd: folder,
      env: { XDG_STATE_HOME: folder, COLUMNS: '', LINES: '' },
    },
  )
  open.push(s)
  await s.until(/▶ +#1 /)
  expect(s.lines()[0]).toMatch(/^ pagetrail ▸ Runs/)
  expect(s.lines()[23]).toContain('⏎ open')
})

test.each([
  ['LC_ALL', 'C'],
  ['TERM', 'linux'],
])('only ASCII is drawn with %s=%s', async (name, value) => {
  const s = start(['1'], { env: { [name]: value } })
  await s.until(/> +0 /)
  const shown = s.text()
  expect(shown).not.toMatch(/[^\x00-\x7f]/)
  expect(shown).toContain('+- Events ---')
  expect(shown).toContain('Enter fold')
  await s.press('c', /- leads to its place/)
  const page = s.lines()
  expect(page.filter((line) => line.startsWith('|> '))).toHaveLength(1)
  expect(page.filter((line) => line.startsWith('|-')).length).toBeGreaterThan(1)
})

test('TERM=dumb gets plain output', async () => {
  const runs = start([], { env: { TERM: 'dumb' } })
  expect((await runs.exited).exitCode).toBe(0)
  expect(runs.text()).toMatch(/ID +LABEL[^]*two-owners/)
  expect(runs.raw()).not.toContain('\x1b')
  const one = start(['3'], { env: { TERM: 'dumb' } })
  expect((await one.exited).exitCode).toBe(0)
  expect(one.text()).toContain('set_memory_nx = 0')
})

test('a database that is replaced or removed is noticed, and nothing is written into another', async () => {
  const other = join(folder, 'other.db')
  copyFileSync(db, other)
  const s = start(['--db', other])
  await s.until(/▶ +#1 /)
  copyFileSync(db, `${other}.new`)
  renameSync(`${other}.new`, other)
  await s.until('was replaced by another file', 20_000)
  s.write('rclean-ro 6.17\r')
  await s.until('was replaced by another file')
  rmSync(other)
  await s.until('was removed', 20_000)
  const runs = command('runs')
  expect(runs).not.toContain('clean-ro')
})
