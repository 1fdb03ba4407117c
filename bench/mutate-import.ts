/**
 * Captures whose lines were lost, doubled, exchanged, torn or came late, in one way or several at once, and pairs that
 * were joined: what the importer makes of them must hold no store, no return and no finding that the whole captures do
 * not have.
 *
 *     node bench/mutate-import.ts [mutants] [seed]      default 10000 and 1, over six captures
 *
 * Prints a line a kind of mutation, and exits with 1 where anything was invented.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { checkRun, importFile, InputError, openRuns, type RunFile } from '@pagetrail/recorder'
import {
  ALL_MUTATIONS,
  claimsOf,
  joined,
  mutant,
  randomOf,
} from '../test/recorder/import/mutants.ts'

const MUTANTS = Number(process.argv[2] ?? 10_000)
const SEED = Number(process.argv[3] ?? 1)
const FOLDER = new URL('../test/fixtures/traces/', import.meta.url)
const CAPTURES = [
  'modules_small-6.12',
  'modules_small-6.17-lean-kaslr',
  'modules_small-6.18-lean-kaslr',
  'modules_small-6.18-bbm',
  'modules_small-7.3',
  'bpf-6.18-boot1',
].map((name) => ({
  name,
  lines: gunzipSync(readFileSync(new URL(`${name}.trace.gz`, FOLDER)))
    .toString('utf8')
    .split('\n'),
}))

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-mutants-'))

/** What an import claims, findings that are more than notes included; null where it is refused. */
async function claims(text: string): Promise<Set<string> | null> {
  const runFile: RunFile = await openRuns(':memory:', { mode: 'write' })
  try {
    const path = join(folder, 'mutant.trace')
    writeFileSync(path, text)
    const { run } = await importFile(runFile, path, { created: 0 })
    const source = runFile.source(runFile.find(String(run)))
    const found = claimsOf(source.events())
    for (const { rule, severity } of checkRun(source).findings) {
      if (severity !== 'note') found.add(`finding ${rule}`)
    }
    return found
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  } finally {
    runFile.close()
  }
}

const timeOf = (line: string): number => Number(/\s(\d+\.\d+): /.exec(line)?.[1] ?? Number.NaN)

const startOf = (lines: readonly string[]): number =>
  Math.floor(lines.map(timeOf).find((time) => !Number.isNaN(time)) ?? 0)

const random = randomOf(SEED)
const wholes: (Set<string> | null)[] = []
for (const { lines } of CAPTURES) wholes.push(await claims(lines.join('\n')))
const tally = new Map<string, { mutants: number; invented: number }>(
  ALL_MUTATIONS.map((kind) => [kind, { mutants: 0, invented: 0 }]),
)
const examples: string[] = []
for (let i = 0; i < MUTANTS; i++) {
  const kind = ALL_MUTATIONS[i % ALL_MUTATIONS.length]!
  const which = Math.floor(i / ALL_MUTATIONS.length) % CAPTURES.length
  const found = await claims(mutant(CAPTURES[which]!.lines, kind, random))
  const invented = [...(found ?? [])].filter((claim) => !wholes[which]!.has(claim))
  const row = tally.get(kind)!
  row.mutants++
  if (invented.length === 0) continue
  row.invented++
  if (examples.length < 10)
    examples.push(
      `${CAPTURES[which]!.name}, mutant ${i}, ${kind}: ${invented.slice(0, 3).join('; ')}`,
    )
}
/** Two captures in one file, the second one's times among, before and behind the first's. */
const merges = { mutants: 0, invented: 0 }
tally.set('merge', merges)
for (const [a, one] of CAPTURES.entries()) {
  for (const [b, two] of CAPTURES.entries()) {
    const apart = startOf(one.lines) - startOf(two.lines)
    for (const later of [apart, apart + 1000, 1000 - apart]) {
      const found = await claims(joined(one.lines, two.lines, later))
      const invented = [...(found ?? [])].filter(
        (claim) => !wholes[a]!.has(claim) && !wholes[b]!.has(claim),
      )
      merges.mutants++
      if (invented.length === 0) continue
      merges.invented++
      examples.push(`${one.name} with ${two.name}, ${later} s: ${invented.slice(0, 3).join('; ')}`)
    }
  }
}
for (const [kind, { mutants, invented }] of tally)
  console.log(`${kind}: ${mutants} mutants, ${invented} invented something`)
for (const example of examples) console.log(example)
rmSync(folder, { recursive: true })
process.exit(examples.length > 0 ? 1 : 0)
