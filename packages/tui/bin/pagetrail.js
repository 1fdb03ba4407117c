#!/usr/bin/env node
// Plain JavaScript of older days: this file must still run, and say so, where Node is too old for the rest.
import { readFileSync } from 'node:fs'
import module from 'node:module'

const { name, config } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)
const [major, minor = 0] = config.node.split('.').map(Number)
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number)

if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  const remedy =
    name === 'pagetrail'
      ? 'Put a newer one first in PATH.'
      : 'Run it as ./node_modules/.bin/pagetrail, which takes the Node that was installed with it.'
  process.stderr.write(
    `pagetrail: needs Node ${config.node} or newer, this is ${process.versions.node} (${process.execPath}). ${remedy}\n`,
  )
  process.exitCode = 2
} else {
  // Keeps the compiled code, and the TypeScript with its types taken off: half of what a short command takes.
  module.enableCompileCache()
  // Imported only now: an older Node cannot even parse it.
  const [{ main }, { processIo, untilAnswered }] = await Promise.all([
    import('#main'),
    import('#io'),
  ])
  await untilAnswered(() => main(process.argv.slice(2), processIo()))
}
