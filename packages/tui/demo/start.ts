import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { processIo } from '../src/command/io.ts'
import { main } from '../src/main.ts'

/**
 * `npm start`: the same workload on two real kernels, and one scenario on the engine in the flavours that follow them;
 * what differs within each pair; then, on a terminal, the terminal UI on the four runs. Everything is done by the
 * commands that are printed.
 */
const DB = 'pagetrail-demo.db'

const io = processIo()
const here = (file: string) => relative('.', join(import.meta.dirname, file))

/** Prints a command line and runs it; a status that is none of these ends the demonstration. */
async function step(fine: readonly number[], ...argv: readonly string[]): Promise<void> {
  await io.stdout.write(`\n$ pagetrail --db ${DB} ${argv.join(' ')}\n`)
  const status = await main(['--db', DB, ...argv], io)
  if (!fine.includes(status)) process.exit(status)
}

for (const suffix of ['', '-wal', '-shm']) rmSync(`${DB}${suffix}`, { force: true })
for (const kernel of ['6.17.13', '6.18.15']) {
  const capture = here(`modules_small-${kernel}.trace.gz`)
  await step([0], 'import', capture, '--kernel', kernel, '--label', `modules-${kernel}`)
}
await step([0], 'record', here('three-pages-then-half-a-block.json'), '--flavour', '6.17,6.18')
await step([0], 'runs')
// 1 says that they differ, 3 that a stock kernel does not show all: both are what there is to see.
await step([1, 3], 'diff', 'modules-6.17.13', 'modules-6.18.15')
await step([1, 3], 'diff', '-2', '-1')
await io.stdout.write(`
These runs are in ./${DB}. The command is ./node_modules/.bin/pagetrail; try
  pagetrail --db ${DB}                          the terminal UI
  pagetrail --db ${DB} replay -1                the events of the last run
  pagetrail --db ${DB} check -1                 the hazards in it
  pagetrail --db ${DB} sql --query barriers-per-call --run 1
  pagetrail --help
`)
if (io.terminal !== null) await step([0, 130], 'tui')
