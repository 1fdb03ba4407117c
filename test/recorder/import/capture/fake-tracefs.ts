import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { definitionsFor } from '../../../../packages/recorder/src/import/capture/probes.ts'
import { captureScript } from '../../../../packages/recorder/src/import/capture/script.ts'
import { folder } from '../../../support/cli.ts'

export const DEFINITIONS = definitionsFor('6.18', false, new Map())

/** Shells that a kernel builder has; busybox where it is installed, as on the machines of an initramfs. */
export const SHELLS: readonly (readonly string[])[] = [['sh'], ['busybox', 'sh']].filter(
  ([shell]) => spawnSync(shell!, ['--help']).error === undefined,
)

/**
 * A folder that looks like tracefs as far as the script can tell. The real one fills a new instance by itself: a mkdir
 * of the script's own stands in for it, and an rmdir for its going.
 */
export function fakeTracefs(parts: Partial<Parameters<typeof captureScript>[0]> = {}) {
  const root = folder()
  mkdirSync(join(root, 'instances'))
  writeFileSync(join(root, 'kprobe_events'), '')
  writeFileSync(join(root, 'kprobe_profile'), '')
  const script = join(root, 'capture.sh')
  writeFileSync(
    script,
    captureScript({
      writtenBy: 'a test',
      series: '6.18',
      banner: null,
      definitions: DEFINITIONS,
      unseen: ['flushes'],
      ...parts,
    }),
  )
  command(
    'mkdir',
    'group=${1##*/}; /bin/mkdir -p "$1/events/$group" "$1/per_cpu/cpu0" && : >"$1/events/$group/enable" && : >"$1/tracing_on" &&' +
      ' cp "$TRACEFS/sample" "$1/trace" && cp "$TRACEFS/sample" "$1/trace_pipe" && echo "overrun: ${OVERRUN:-0}" >"$1/per_cpu/cpu0/stats"',
  )
  command('rmdir', '/bin/mv "$1" "$TRACEFS/gone"')
  writeFileSync(join(root, 'sample'), '# tracer: nop\n   sh-1 [000] 1.0: x: y\n')
  const env = { PATH: '/usr/bin:/bin', TRACEFS: root, SECURITYFS: root, OVERRUN: '0' }
  const read = (name: string) => readFileSync(join(root, name), 'utf8')

  /** Replaces a command for the script: a function of the shell, as busybox runs its own before those of PATH. */
  function command(name: string, body: string): void {
    const [first = '', ...rest] = readFileSync(script, 'utf8').split('\n')
    writeFileSync(script, [first, `${name}() { ${body}; }`, ...rest].join('\n'))
  }
  return {
    root,
    env,
    read,
    command,
    has: (name: string) => existsSync(join(root, name)),
    write: (name: string, text: string) => writeFileSync(join(root, name), text),
    run: (shell: readonly string[], args: readonly string[], more: Record<string, string> = {}) =>
      spawnSync(shell[0]!, [...shell.slice(1), script, ...args], {
        env: { ...env, ...more },
        encoding: 'utf8',
        cwd: root,
      }),
    start: (shell: readonly string[], args: readonly string[]) =>
      spawn(shell[0]!, [...shell.slice(1), script, ...args], {
        env,
        detached: true,
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    /** Lines of kprobe_events that define probes of the script, without the group. */
    defined: () =>
      lines(read('kprobe_events'))
        .filter((l) => !l.startsWith('-'))
        .map((l) => l.replace(/^([pr])\d*:pagetrail_\d+\//, '$1:')),
    removed: () => lines(read('kprobe_events')).filter((l) => l.startsWith('-')),
  }
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
