import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFINITIONS, fakeTracefs, SHELLS } from './fake-tracefs.ts'

const names = DEFINITIONS.map((line) => /^[pr]:(\S+)/.exec(line)![1]!)

describe.each(SHELLS.map((shell) => ({ name: shell.join(' '), shell })))('$name', ({ shell }) => {
  test('defines the probes in a group of its own, runs the command, saves, and removes them again', () => {
    const fake = fakeTracefs()
    fake.write('kprobe_events', 'p:kperm/set_memory_ro vfree\n')
    const ran = fake.run(shell, ['-o', 'out.trace', 'sh', '-c', 'exit 5'], { OVERRUN: '7' })
    expect(ran.status, ran.stderr).toBe(5)
    expect(fake.defined()).toEqual(['p:kperm/set_memory_ro vfree', ...DEFINITIONS])
    expect(fake.removed().map((line) => line.replace(/^-:pagetrail_\d+\//, ''))).toEqual(names)
    expect(fake.has('gone/trace')).toBe(true)
    expect(fake.read('gone/tracing_on')).toBe('0\n')
    expect(fake.read('gone/trace_marker')).toBe('wl: end\n')
    expect(ran.stderr).toContain('7 events did not fit: capture again with -b above 16384')
    expect(ran.stderr).toContain('1 lines in out.trace; now: pagetrail import out.trace')
  })

  test('the first lines say what was captured, of what, and what was not', () => {
    const fake = fakeTracefs()
    fake.write(
      'kprobe_profile',
      '  set_memory_ro  40  0\n  set_memory_ro_ret  23  17\n  others  1  9\n',
    )
    const ran = fake.run(shell, ['-o', 'out.trace', 'true', 'two words'])
    expect(ran.status, ran.stderr).toBe(0)
    const facts = fake
      .read('out.trace')
      .split('\n')
      .filter((line) => line.startsWith('# pagetrail: '))
    const values = Object.fromEntries(
      facts.map((line) => /^# pagetrail: (\S+) ?(.*?) *$/.exec(line)!.slice(1)),
    )
    expect(values).toMatchObject({
      capture: '1',
      version: readFileSync('/proc/version', 'utf8').trim(),
      command: 'true two words',
      probes: names.join(' '),
      unseen: 'flushes',
      missed: 'set_memory_ro_ret 17',
      lost: '0',
    })
    expect(values['page-size']).toMatch(/^\d+$/)
    expect(fake.read('out.trace').indexOf('# pagetrail')).toBe(0)
    expect(ran.stderr).toContain('the kernel missed 17 of set_memory_ro_ret')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s stops the command and all it started, saves, and removes the probes',
    async (signal, status) => {
      const fake = fakeTracefs()
      const child = fake.start(shell, [
        '-o',
        'out.trace',
        'sh',
        '-c',
        'echo $$ >pid; sleep 60; echo on >went',
      ])
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
      await expect
        .poll(() => fake.has('pid') && fake.read('pid').trim() !== '', { timeout: 10_000 })
        .toBe(true)
      process.kill(child.pid!, signal)
      expect(await ended).toBe(status)
      expect(fake.read('out.trace')).toContain('x: y')
      expect(fake.has('went')).toBe(false)
      expect(existsSync(`/proc/${fake.read('pid').trim()}`)).toBe(false)
      expect(fake.removed()).toHaveLength(names.length)
    },
  )

  test('an output that cannot be written is refused before the command runs', () => {
    const fake = fakeTracefs()
    const ran = fake.run(shell, ['-o', 'missing/out.trace', 'sh', '-c', 'echo >ran'])
    expect({ status: ran.status, ran: fake.has('ran') }).toEqual({ status: 2, ran: false })
    expect(ran.stderr).toContain('missing/out.trace cannot be written: name another file with -o')
    expect(fake.read('kprobe_events')).toBe('')
  })

  test('a full disk loses nothing: the trace stays where it is, with the way to it', () => {
    const fake = fakeTracefs()
    const ran = fake.run(shell, ['-o', '/dev/full', 'true'])
    expect(ran.status).toBe(2)
    const [, instance, group] =
      /cat (\S+)\/trace to another place, then run: sh \S+ --remove (\S+)/.exec(ran.stderr) ?? []
    expect(readFileSync(join(instance!, 'trace'), 'utf8')).toContain('x: y')
    expect(fake.removed()).toEqual([])
    expect(fake.run(shell, ['--remove', group!]).status).toBe(0)
    expect(fake.removed()).toHaveLength(names.length)
    expect(existsSync(instance!)).toBe(false)
  })

  test('a failed save leaves no half of a file', () => {
    const fake = fakeTracefs()
    fake.command('mv', 'return 1')
    const ran = fake.run(shell, ['-o', 'out.trace', 'true'])
    expect(ran.status).toBe(2)
    expect({ whole: fake.read('out.trace'), partial: fake.has('out.trace.partial') }).toEqual({
      whole: '',
      partial: false,
    })
  })

  test('--live writes the trace to standard output while the command talks to standard error', () => {
    const fake = fakeTracefs()
    const ran = fake.run(shell, ['--live', 'echo', 'hello'])
    expect(ran.status, ran.stderr).toBe(0)
    expect(ran.stdout).toMatch(/^# pagetrail: capture 1\n/)
    expect(ran.stdout).toContain('x: y')
    expect(ran.stdout).toMatch(/# pagetrail: lost 0\n$/)
    expect(ran.stdout).not.toMatch(/^hello$/m)
    expect(ran.stderr).toContain('hello')
    expect(fake.removed()).toHaveLength(names.length)
  })

  test('a kernel without arguments in return probes gets returns without them, and it is said', () => {
    const fake = fakeTracefs()
    refusing(fake.root, String.raw`r100:*\$arg*`)
    const ran = fake.run(shell, ['-o', 'out.trace', 'true'])
    expect(ran.status, ran.stderr).toBe(0)
    expect(fake.defined()).toContain('r:set_memory_ro_ret set_memory_ro ret=$retval:s32')
    expect(fake.defined()).toContain(
      'p:set_memory_ro set_memory_ro addr=$arg1:x64 numpages=$arg2:s32',
    )
    expect(fake.read('out.trace')).toMatch(
      /^# pagetrail: returns-without-arguments set_memory_ro_ret /m,
    )
  })

  test('refused probes are named, with the kernel’s reason', () => {
    const fake = fakeTracefs()
    refusing(fake.root, '*/split_pud*')
    const ran = fake.run(shell, ['-o', 'out.trace', 'true'])
    expect(ran.stderr).toContain('this kernel refuses split_pud: Failed to register probe event')
    expect(fake.read('out.trace')).toMatch(/^# pagetrail: refused split_pud split_pud_ret *$/m)
  })

  test('lockdown for confidentiality, no tracefs, another build: refused with the remedy', () => {
    const locked = fakeTracefs()
    locked.write('lockdown', 'none integrity [confidentiality]\n')
    expect(locked.run(shell, ['true']).stderr).toContain('boot it with lockdown=integrity')
    const none = fakeTracefs()
    const ran = none.run(shell, [], { TRACEFS: '/nowhere' })
    expect(ran.status).toBe(2)
    expect(ran.stderr).toContain('/nowhere/kprobe_events cannot be written: run this as root')
    const other = fakeTracefs({ banner: 'Linux version 6.18.0 (another)' })
    const wrong = other.run(shell, ['sh', '-c', 'echo >ran'])
    expect({ status: wrong.status, ran: other.has('ran') }).toEqual({ status: 2, ran: false })
    expect(wrong.stderr).toContain('They are of: Linux version 6.18.0 (another)')
  })
})

/** Makes the fake kernel refuse definitions that match a pattern of the shell, as a write to kprobe_events fails. */
function refusing(root: string, pattern: string): void {
  const file = join(root, 'capture.sh')
  const accepts = 'accepts() { '
  const script = readFileSync(file, 'utf8')
  expect(script).toContain(accepts)
  mkdirSync(join(root, 'log'))
  const refuse = `case $1 in -*) ;; ${pattern.replace('r100:*', '"r100:"*')}) echo "[ $(date +%N)] trace_kprobe: error: Failed to register probe event" >>"$tracefs/error_log"; return 1 ;; esac; `
  writeFileSync(
    file,
    script.replace(accepts, () => accepts + refuse),
  )
}
