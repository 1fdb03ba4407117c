import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { definitionsFor } from '../../../../packages/recorder/src/import/capture/probes.ts'
import { captureScript } from '../../../../packages/recorder/src/import/capture/script.ts'
import { folder } from '../../../support/cli.ts'

/** A folder that looks like tracefs as far as the script can tell. */
function tracefs() {
  const root = folder()
  mkdirSync(join(root, 'instances'))
  writeFileSync(join(root, 'kprobe_events'), '')
  const script = join(root, 'capture.sh')
  writeFileSync(script, captureScript('6.18'))
  // The real one fills a new instance by itself; here a mkdir that does the same stands in for it.
  const bin = join(root, 'bin')
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'mkdir'),
    '#!/bin/sh\n/bin/mkdir -p "$1/events/kperm" "$1/per_cpu/cpu0" && : >"$1/events/kperm/enable" &&\n' +
      'echo "# tracer: nop\n   sh-1 [000] 1.0: x: y" >"$1/trace" && echo "overrun: 7" >"$1/per_cpu/cpu0/stats"\n',
    { mode: 0o755 },
  )
  const env = { PATH: `${bin}:/usr/bin:/bin`, TRACEFS: root }
  return { root, script, env, read: (name: string) => readFileSync(join(root, name), 'utf8') }
}

const removals = definitionsFor('6.18').map((line) => `-:${/^[pr]:(\S+)/.exec(line)?.[1]}`)

test('defines the probes, runs the command, saves, and removes them again', () => {
  const { root, script, env, read } = tracefs()
  const out = join(root, 'out.trace')
  const ran = spawnSync('sh', [script, '-o', out, 'sh', '-c', 'exit 5'], { env, encoding: 'utf8' })
  expect(ran.status, ran.stderr).toBe(5)
  expect(read('kprobe_events').trimEnd().split('\n')).toEqual([
    ...definitionsFor('6.18'),
    ...removals,
  ])
  expect(readFileSync(out, 'utf8')).toContain('x: y')
  expect(read('instances/pagetrail/tracing_on')).toBe('0\n')
  expect(ran.stderr).toContain('7 events did not fit: capture again with -b above 16384')
  expect(ran.stderr).toContain(`1 lines in ${out}; now: pagetrail import ${out}`)
})

test.each(['SIGINT', 'SIGTERM'] as const)('removes the probes on %s', async (signal) => {
  const { script, env, read } = tracefs()
  // A group of its own, as a shell with job control gives a command: Ctrl-C reaches the child too.
  const child = spawn('sh', [script, '-o', '/dev/null', 'sleep', '60'], { env, detached: true })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  await expect.poll(() => trying(() => read('instances/pagetrail/trace_marker'))).toContain('wl:')
  process.kill(-child.pid!, signal)
  expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143)
  expect(read('kprobe_events').trimEnd().split('\n').slice(-removals.length)).toEqual(removals)
})

test('without tracefs it says what to do', () => {
  const { script, env } = tracefs()
  const ran = spawnSync('sh', [script], { env: { ...env, TRACEFS: '/nowhere' }, encoding: 'utf8' })
  expect(ran.status).toBe(2)
  expect(ran.stderr).toContain('/nowhere/kprobe_events cannot be written: run this as root')
})

function trying(read: () => string): string {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}
