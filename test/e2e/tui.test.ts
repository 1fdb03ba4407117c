import { openRuns } from '@pagetrail/recorder'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PtyScreen, type PtyOptions } from '../support/terminal/pty.ts'
import { SAMPLE, sampleEvents, writeSample } from '../support/sample-trace.ts'

let db: string
let state: string
let open: PtyScreen[] = []

beforeAll(async () => {
  execFileSync(process.execPath, ['packages/tui/build.ts'])
  db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'runs.db')
  await writeSample(db, 40, { label: 'modules', flavour: '6.17' })
  await writeSample(db, 500, { label: 'kfence', flavour: '6.18' })
})
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pagetrail-state-'))
})
afterEach(() => {
  for (const s of open) s.kill('SIGKILL')
  open = []
})

function start(runs: readonly string[] = [], options: PtyOptions = {}, file = db): PtyScreen {
  const args = ['test/support/terminal/tui-main.ts', file, ...runs]
  const s = new PtyScreen(process.execPath, args, {
    columns: 120,
    rows: 36,
    ...options,
    env: { XDG_STATE_HOME: state, ...options.env },
  })
  open.push(s)
  return s
}

async function leave(s: PtyScreen): Promise<void> {
  expect((await s.exited).exitCode).toBe(0)
  expect(s.isAlternate()).toBe(false)
  expect(s.raw()).toContain('\x1b[?1000l')
  expect(s.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThan(s.raw().lastIndexOf('\x1b[?25l'))
}

/** Page tables and timeline are there: what is shown from then on is the last word. */
const isWhole = (text: string): boolean =>
  text.includes('▶●pte') && text.includes('! flush-missing')

describe('in a real terminal', () => {
  test('opens a run, steps, seeks, filters, quits, and leaves the terminal clean', async () => {
    const s = start()
    await s.until(/▶ +#1 +modules/)
    expect(s.isAlternate()).toBe(true)
    await s.press('j\r', 'Runs ▸ kfence #2')
    await s.until(/▶ +0 .*▾ set_memory_ro 0xffff800080000000 \+3p/)
    await s.press('jjjj', /▶ +4 .*◆ pte write 0xffff800080000000 \+RDONLY -DBM/)
    await s.until(/~ RDONLY +7 0 → 1 +read-only/)
    await s.until(/▶●pte .*0xffff800080000000 r--/)
    await s.press(':7777\r', /▶ +7,777 /)
    await s.press('/kind == tlb_flush\r', /▶ +7,778 .*≈ flush_tlb_kernel_/)
    expect(await s.until((t) => !t.includes('pte write'))).toBeGreaterThan(0)
    await s.press('x', /▶ +7,778 /)
    await s.until('pte write')
    s.write('qq')
    await leave(s)
  })

  test('keys of one chunk, the mouse and a resize all arrive', async () => {
    const s = start(['modules'])
    await s.until(/▶ +0 /)
    await s.press('jjjjj\x1b[Bk', /▶ +5 /)
    await s.press('\x1b[<65;5;9M', /▶ +8 /)
    await s.press('\x1b[<0;9;6M\x1b[<0;9;6m', /▶ +1 /)
    s.resize(80, 24)
    await s.until((t) => t.split('\n').length === 24 && /▶ +1 /.test(t) && t.includes('└'))
    expect(await s.until((t) => t.split('\n').every((line) => line.length <= 80))).toBeGreaterThan(
      0,
    )
    s.resize(50, 10)
    await s.until('50×10 is too small')
    s.resize(120, 36)
    await s.until(/▶ +1 /)
    s.write('\x03')
    await leave(s)
  })

  test('what was left is found again', async () => {
    const first = start(['kfence'])
    await first.until(/▶ +0 /)
    await first.press(':1234\r', /▶ +1,234 /)
    await first.press('/level == pte\r', ' level == pte ')
    first.write('qq')
    await leave(first)
    const second = start(['kfence'])
    await second.until(/▶ +1,23\d /)
    expect(await second.until(' level == pte ')).toBeGreaterThan(0)
  })

  test('NO_COLOR: no colour is written, the cursor is still inverse', async () => {
    const s = start(['modules'], { env: { NO_COLOR: '1' } })
    await s.until(/▶ +0 /)
    expect(s.raw()).not.toMatch(/\x1b\[[0-9;]*3[0-8][;m]/)
    expect(s.raw()).toContain('\x1b[7m')
    s.write('qq')
    await leave(s)
  })

  test.each(['SIGTERM', 'SIGHUP'])('%s leaves the terminal clean', async (signal) => {
    const s = start(['modules'])
    await s.until(/▶ +0 /)
    s.kill(signal)
    await s.exited
    expect(s.isAlternate()).toBe(false)
    expect(s.raw()).toContain('\x1b[?1000l')
  })

  test('whatever sizes it goes through, the screen is as if it had been opened at the last', async () => {
    const s = start(['modules'])
    await s.until(/▶ +0 /)
    await s.press('jjjj', /▶ +4 /)
    for (const [columns, rows] of [
      [80, 24],
      [200, 50],
      [61, 16],
      [99, 40],
      [100, 24],
    ] as const) {
      s.resize(columns, rows)
      await s.until((t) => t.split('\n').length === rows && t.includes('▶') && t.includes('? help'))
    }
    const fresh = start(['modules'], { columns: 100, rows: 24 })
    await fresh.until(/▶ +0 /)
    await fresh.press('jjjj', /▶ +4 /)
    await Promise.all([s.until(isWhole), fresh.until(isWhole)])
    // A screen can be read in the middle of a frame: it is its next word that counts.
    await expect.poll(() => s.text(), { timeout: 10_000 }).toSatisfy((t) => t === fresh.text())
  })

  test('a run that does not exist is said on the plain screen', async () => {
    const s = start(['nosuch'])
    expect((await s.exited).exitCode).not.toBe(0)
    expect(s.isAlternate()).toBe(false)
    expect(s.text()).toContain('nosuch')
  })

  test('a file that is yet to be made: the browser says how, and recording makes it', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'new.db')
    const s = start([], {}, file)
    await s.until('No run in')
    expect(s.text()).toContain('Either of them creates the file if it does not exist yet.')
    await s.press('rclean-ro 6.18\r', /▶ +#1 +clean-ro\/4k-48\/6.18/)
    await s.press('\r', /▶ +0 /)
    s.write('qq')
    await leave(s)
  })

  test('a file that does not exist is said in one sentence, with exit status 2', async () => {
    const program = ['packages/tui/bin/pagetrail.js', '--db', '/nowhere/runs.db', 'tui']
    const s = new PtyScreen(process.execPath, program, { env: { XDG_STATE_HOME: state } })
    open.push(s)
    expect((await s.exited).exitCode).toBe(2)
    expect(s.text()).toMatch(/pagetrail: \/nowhere\/runs\.db does not exist/)
    expect(s.text()).not.toContain('    at ')
  })

  test('a fault of the program leaves its message on a clean screen', async () => {
    // Once the screen is up, however long that takes.
    const up = 'process.listenerCount("uncaughtException") > 0'
    const bomb = `setInterval(() => { if (${up}) throw new Error("boom") }, 100)`
    const args = ['--import', `data:text/javascript,${encodeURIComponent(bomb)}`]
    const main = ['test/support/terminal/tui-main.ts', db, 'modules']
    const s = new PtyScreen(process.execPath, [...args, ...main], {
      env: { XDG_STATE_HOME: state },
    })
    open.push(s)
    expect((await s.exited).exitCode).toBe(70)
    expect(s.isAlternate()).toBe(false)
    expect(s.text()).toContain('boom')
    expect(s.raw()).toContain('\x1b[?1000l')
  })

  test('idle costs nothing', async () => {
    const s = start(['modules'])
    await s.until(/▶ +0 /)
    await new Promise((resolve) => setTimeout(resolve, 700))
    // What was begun at the start may last on a busy machine; then there must be a second without work.
    let used = Infinity
    for (let tries = 0; tries < 12 && used >= 60; tries++) {
      const before = s.cpuMs()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      used = s.cpuMs() - before
    }
    expect(used).toBeLessThan(60)
  })

  test('two runs open on their comparison', async () => {
    const s = start(['modules', 'kfence'])
    await s.until('modules #1 ⇄ kfence #2')
    await s.until(/same outcome|same effects|different|identical/)
    await s.press('\t', /┏━ cost /)
    s.write('qq')
    await leave(s)
    expect(s.raw()).not.toContain('Error')
  })

  test('a run that another process records grows on the screen', async () => {
    const live = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'live.db')
    const runFile = await openRuns(live, { mode: 'write' })
    const writer = runFile.startRun({ ...SAMPLE, label: 'live' })
    const events = [...sampleEvents(40)]
    for (const event of events.slice(0, 100)) writer.append(event)
    writer.flush()
    const s = start(['live'], {}, live)
    await s.until('● recording')
    await s.press('F', /▶ +99 /)
    for (const event of events.slice(100, 300)) writer.append(event)
    writer.flush()
    await s.until(/▶ +299 /)
    await s.press('k', /▶ +298 /)
    writer.finish('complete')
    runFile.close()
    expect(await s.until((t) => !t.includes('● recording'))).toBeGreaterThan(0)
    s.write('\x03')
    await leave(s)
  })
})

function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'])
    return true
  } catch {
    return false
  }
}

describe.runIf(hasTmux())('in a shell with job control', () => {
  test('Ctrl-Z gives the shell back, fg the screen', async () => {
    const server = `pagetrail-${process.pid}`
    const tmux = (...args: string[]) =>
      execFileSync('tmux', ['-L', server, ...args], { encoding: 'utf8' })
    const shows = async (what: RegExp) => {
      for (let i = 0; i < 200; i++) {
        if (what.test(tmux('capture-pane', '-p'))) return true
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`${what} did not come\n${tmux('capture-pane', '-p')}`)
    }
    try {
      tmux(
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        '100',
        '-y',
        '30',
        'bash --norc --noprofile',
      )
      const command = `XDG_STATE_HOME='${state}' '${process.execPath}' test/support/terminal/tui-main.ts '${db}' 1`
      tmux('send-keys', command, 'Enter')
      await shows(/▶ +0 /)
      tmux('send-keys', 'j', 'j')
      await shows(/▶ +2 /)
      tmux('send-keys', 'C-z')
      await shows(/Stopped/)
      tmux('send-keys', 'echo back=$((6*7))', 'Enter')
      await shows(/back=42/)
      tmux('send-keys', 'fg', 'Enter')
      await shows(/▶ +2 /)
      tmux('send-keys', 'j')
      await shows(/▶ +3 /)
      tmux('send-keys', 'q', 'q')
      expect(await shows(/[$#] ?$/m)).toBe(true)
    } finally {
      tmux('kill-server')
    }
  })
})

const boots = [1, 2].map((boot) => `test/fixtures/traces/bpf-6.18-boot${boot}.trace.gz`)

test('two captures given by their paths open side by side; nothing stays', async () => {
  const own = mkdtempSync(join(tmpdir(), 'pagetrail-files-'))
  const s = new PtyScreen(process.execPath, ['packages/tui/bin/pagetrail.js', ...boots], {
    columns: 120,
    rows: 36,
    env: { XDG_STATE_HOME: state, TMPDIR: own, PAGETRAIL_DB: join(own, 'none.db') },
  })
  open.push(s)
  await s.until(/bpf-6\.18-boot1.*bpf-6\.18-boot2/s)
  await s.until(/72 pairs of calls compared|identical/)
  await s.press('q', 'Runs')
  s.write('q')
  await leave(s)
  expect(readdirSync(own).filter((name) => name.startsWith('pagetrail-'))).toEqual([])
})
