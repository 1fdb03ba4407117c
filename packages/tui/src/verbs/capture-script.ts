import { captureFor } from '@pagetrail/recorder'
import { parsePairs } from './arguments.ts'
import type { Status } from '../command/session.ts'
import type { Verb } from './verb.ts'

export const captureScriptVerb: Verb = {
  name: 'capture-script',
  group: 'Getting runs:',
  summary: 'print the shell script that captures on a real kernel',
  more: `The script needs root, tracefs and kprobe events on the traced machine, but nothing of Pagetrail; busybox is
enough. Without --vmlinux it probes entries and returns of functions, so it works on any build of that version: descriptor
writes follow from the callbacks; lazy MMU sections, barriers and flushes are not visible and stay unknown.
With --vmlinux it also probes the stores, barriers, lazy MMU sections and flushes of that one build, at the places
that nm and objdump find in it; the script refuses to run on another build.
Kernels from 6.1 to 7.3 are known. 6.1 to 6.8 do not accept arguments in return probes, so what a callback stored is not
visible there.`,
  examples: [
    ['capture-script --kernel 6.18 > capture.sh', 'then, there: sh capture.sh modprobe nls_ascii'],
    [
      'capture-script --vmlinux ~/linux/vmlinux > capture.sh',
      'barriers and flushes too, for this build',
    ],
    [
      'capture-script --kernel 6.18 --map set_memory_ro=my_set_memory_ro',
      'a tree with other names',
    ],
  ],
  declare(command, invoke) {
    command
      .option('--kernel <version>', 'kernel to capture on: 6.18, or what uname -r prints there')
      .option(
        '--vmlinux <file>',
        "the kernel's own binary: find the places inside of its functions",
      )
      .option('--cross-compile <prefix>', 'prefix of nm and objdump, as for a kernel build')
      .option(
        '--map <pairs>',
        "the tree's own names of functions: set_memory_ro=its_name,…",
        parsePairs,
      )
      .action(({ kernel, vmlinux, crossCompile, map }) =>
        invoke(async (session): Promise<Status> => {
          const capture = await captureFor({
            kernel: kernel ?? null,
            vmlinux: vmlinux ?? null,
            crossCompile: crossCompile ?? null,
            map: new Map(Object.entries(map ?? {})),
          })
          for (const line of capture.remarks) await session.note(line)
          if (session.json) {
            const { series, probes, script, unseen } = capture
            const lines = session.jsonLines({ kernel: series, probes })
            lines.data('script', { text: script, unseen })
            lines.end(true)
          } else session.out.text(capture.script)
          return 0
        }),
      )
  },
}
