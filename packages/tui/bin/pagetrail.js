#!/usr/bin/env node
// Plain JavaScript of an older day: this file must still run, and say so, where Node is too old for the rest.
const REQUIRED = 24

if (Number(process.versions.node.split('.')[0]) < REQUIRED) {
  process.stderr.write(
    'pagetrail: needs Node ' +
      REQUIRED +
      ' or newer, this is ' +
      process.version +
      ' (' +
      process.execPath +
      ').\n' +
      'Run it as ./node_modules/.bin/pagetrail, which takes the Node that was installed with it.\n',
  )
  process.exitCode = 2
} else {
  // Imported only now: these modules are TypeScript, which an older Node cannot even parse.
  Promise.all([import('../src/main.ts'), import('../src/io.ts')]).then(function ([cli, io]) {
    return cli.main(process.argv.slice(2), io.processIo()).then(function (status) {
      process.exitCode = status
    })
  })
}
