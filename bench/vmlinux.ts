/**
 * The probes that are found in a kernel's own binary, beside those that were made by hand for the same build.
 *
 *     node bench/vmlinux.ts VMLINUX KPROBE_EVENTS
 *
 * KPROBE_EVENTS holds definitions as tracefs takes them. Prints how many are equal and every line that only one side
 * has. Needs nm and objdump for aarch64. Debian's linux-image-…-dbg packages hold the vmlinux of its kernels.
 */
import { readFileSync } from 'node:fs'
import { captureFor } from '@pagetrail/recorder'

const [vmlinux, hand] = process.argv.slice(2)
if (vmlinux === undefined || hand === undefined) {
  process.stderr.write('node bench/vmlinux.ts VMLINUX KPROBE_EVENTS\n')
  process.exit(2)
}
const began = performance.now()
const { script, unseen } = await captureFor({
  kernel: null,
  vmlinux,
  crossCompile: null,
  map: new Map(),
})
const seconds = (performance.now() - began) / 1000
const found = new Set(script.split('\n').filter((line) => /^[pr]:\w/.test(line)))
const made = new Set(
  readFileSync(hand, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^([pr]):\w+\//, '$1:')),
)
const only = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
  [...a].filter((line) => !b.has(line))
process.stdout.write(`${seconds.toFixed(1)} s, ${found.size} found, ${made.size} made by hand, `)
process.stdout.write(`${[...found].filter((line) => made.has(line)).length} equal\n`)
for (const line of only(made, found)) process.stdout.write(`- ${line}\n`)
for (const line of only(found, made)) process.stdout.write(`+ ${line}\n`)
for (const line of unseen) process.stdout.write(`? ${line}\n`)
