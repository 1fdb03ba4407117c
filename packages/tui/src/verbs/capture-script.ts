import { Option } from '@commander-js/extra-typings'
import { captureScript, KERNELS } from '@pagetrail/recorder'
import type { Verb } from './verb.ts'

export const captureScriptVerb: Verb = {
  name: 'capture-script',
  group: 'Getting runs:',
  summary: 'print the shell script that captures on a real kernel',
  more: `The script needs root, tracefs and kprobe events on the traced machine, and nothing of Pagetrail. It probes
entries and returns of functions only, so it suits any build of that version: descriptor writes follow
from the callbacks; lazy MMU sections, barriers and flushes are not visible and stay unknown.`,
  examples: [
    ['capture-script --kernel 6.18 > capture.sh', 'then, there: sh capture.sh modprobe nls_ascii'],
  ],
  declare(command, invoke) {
    command
      .addOption(
        new Option('--kernel <version>', 'version of the kernel to capture on')
          .choices(KERNELS)
          .makeOptionMandatory(),
      )
      .action(({ kernel }) =>
        invoke((session) => {
          const script = captureScript(kernel)
          if (session.json) {
            const lines = session.jsonLines({ kernel })
            lines.data('script', { text: script })
            lines.end(true)
          } else session.out.text(script)
          return 0
        }),
      )
  },
}
