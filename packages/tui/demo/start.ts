import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Io, processIo } from '../src/command/io.ts'
import { main } from '../src/main.ts'

/**
 * `npm start`: the same workload on two real kernels, and one scenario on the engine in the flavours that follow them;
 * whether each pair does the same, and what it costs; then, on a terminal, the terminal UI on the four runs. Everything
 * is done by the command.
 */
const DB = 'pagetrail-demo.db'

const io = processIo()
const here = (file: string) => relative('.', join(import.meta.dirname, file))

/** Runs a command line; a status that is none of these ends the demonstration. */
async function run(fine: readonly number[], argv: readonly string[], to: Io = io): Promise<void> {
  const status = await main(['--db', DB, '--no-pager', ...argv], to)
  if (!fine.includes(status)) process.exit(status)
}

/** The same, with the command line above what it prints. */
async function step(fine: readonly number[], ...argv: readonly string[]): Promise<void> {
  await io.stdout.write(`\n$ pagetrail --db ${DB} ${argv.join(' ')}\n`)
  await run(fine, argv)
}

/** How runs come to be is seen from what they are: only complaints are shown. */
const quiet: Io = { ...io, stdout: { ...io.stdout, write: () => Promise.resolve() } }

for (const suffix of ['', '-wal', '-shm']) rmSync(`${DB}${suffix}`, { force: true })
await io.stdout.write(
  `Two captures of real arm64 kernels, and two runs of one scenario on the simulator. Do they do the same?\n`,
)
for (const kernel of ['6.17.13', '6.18.15']) {
  const capture = here(`modules_small-${kernel}.trace.gz`)
  const label = `modules-${kernel}`
  await run([0], ['import', capture, '--kernel', kernel, '--label', label], quiet)
}
await run(
  [0],
  ['record', here('three-pages-then-half-a-block.json'), '--flavour', '6.17,6.18'],
  quiet,
)
// 1 says that they differ, 3 that a stock kernel does not show all: both are answers that a newcomer should see.
await step([0, 1, 3], 'diff', '-q', 'modules-6.17.13', 'modules-6.18.15')
await step([0, 1, 3], 'diff', '-q', '-2', '-1')
await step([0, 1, 3], 'diff', '--by', 'cost', '-2', '-1')
await step([0], 'runs')
await io.stdout.write(`
The runs are in ./${DB}. The command is ./node_modules/.bin/pagetrail; try
  pagetrail --db ${DB}                          the terminal UI
  pagetrail --db ${DB} diff modules-6.17.13 modules-6.18.15
  pagetrail --db ${DB} replay -1                the events of the last run
  pagetrail --db ${DB} check -1                 the hazards in it
  pagetrail --db ${DB} sql --query barriers-per-call --run 1
  pagetrail --help
`)
if (io.terminal !== null) await run([0, 130], ['tui'])
