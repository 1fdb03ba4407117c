#!/usr/bin/env node
// Plain JavaScript of an older day: this file must still run, and say so, where Node is too old for the rest.
import module from 'node:module'

const REQUIRED = 24

if (Number(process.versions.node.split('.')[0]) < REQUIRED) {
  process.stderr.write(
    `pagetrail: needs Node ${REQUIRED} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
      'Run it as ./node_modules/.bin/pagetrail, which takes the Node that was installed with it.\n',
  )
  process.exitCode = 2
} else {
  // Keeps the TypeScript with its types taken off: half of the time that a short command takes.
  module.enableCompileCache()
  // Imported only now: an older Node cannot even parse it.
  const [{ main }, { processIo }] = await Promise.all([
    import('../src/main.ts'),
    import('../src/command/io.ts'),
  ])
  process.exitCode = await main(process.argv.slice(2), processIo())
}
