import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { checkRun, type EventSource, memorySource, undecided } from '@pagetrail/recorder'
import { Marked, type Mutation } from '../test/support/mutants/marked-run.ts'
import { MUTATIONS, numbered, spread } from '../test/support/mutants/mutants.ts'
import { captures, engineRuns, fixture } from '../test/support/runs.ts'
import { mutantBases } from '../test/support/mutants/mutant-bases.ts'

/**
 * Faults put one at a time into sound runs of the engine and into captures: how many `check` finds by the rule that
 * each is for, how many it names undecided, how many it misses. Run it with `node bench/mutate.ts [places]`; with
 * `--write` it makes the table of docs/hazards.md. Exits 1 if a fault is missed, or a sound run has a finding.
 */

const PLACES = Number(process.argv.find((arg) => /^\d+$/.test(arg)) ?? 5)

interface Row {
  readonly fault: string
  readonly rules: readonly string[]
  tried: number
  found: number
  undecided: number
  missed: number
  readonly where: string[]
}

const rowOf = ({ name, rules }: Mutation): Row => ({
  fault: name,
  rules,
  tried: 0,
  found: 0,
  undecided: 0,
  missed: 0,
  where: [],
})

async function main(): Promise<void> {
  const rows = MUTATIONS.map(rowOf)
  let isSound = true
  const bases = await mutantBases({ captures, engineRuns, fixture })
  for (const [name, source] of bases) {
    const bad = checkRun(source).findings.filter(({ severity }) => severity !== 'note')
    if (bad.length > 0) {
      isSound = false
      console.log(
        `${name}: ${bad.length} findings without a fault: ${bad[0]!.rule}: ${bad[0]!.message}`,
      )
    }
    MUTATIONS.forEach((mutation, i) => tryAll(mutation, rows[i]!, name, source))
  }
  for (const { fault, rules, tried, found, undecided, missed, where } of rows) {
    console.log(
      `${fault}: ${tried} tried, ${found} found by ${rules.join(' or ')}, ${undecided} undecided, ` +
        `${missed} missed${missed > 0 ? `: ${where.slice(0, 4).join('; ')}` : ''}`,
    )
  }
  const total = rows.reduce((sum, { tried }) => sum + tried, 0)
  const missed = rows.reduce((sum, row) => sum + row.missed, 0)
  console.log(`${rows.length} kinds, ${bases.length} bases, ${total} mutants, ${missed} missed`)
  if (process.argv.includes('--write')) write(rows, bases.length)
  if (missed > 0 || !isSound) process.exitCode = 1
}

function tryAll(mutation: Mutation, row: Row, name: string, source: EventSource): void {
  const run = new Marked([...source.events()])
  for (const at of spread(mutation.sites(run), PLACES)) {
    const report = checkRun(memorySource(source.run, numbered(mutation.make(run, at))))
    const hits = report.findings.filter((f) => f.severity !== 'note' || f.rule === 'mixed-span')
    const open = new Set(undecided(report).map((v) => v.rule))
    row.tried++
    if (hits.some((f) => mutation.rules.includes(f.rule))) row.found++
    else if (mutation.rules.every((rule) => open.has(rule))) row.undecided++
    else {
      row.missed++
      row.where.push(`${name} at ${at}`)
    }
  }
}

function write(rows: readonly Row[], bases: number): void {
  const table = rows.map(({ fault, rules, tried, found, undecided, missed }) => ({
    fault,
    rules,
    tried,
    found,
    undecided,
    missed,
  }))
  const path = join(import.meta.dirname, '../test/recorder/check/mutants.json')
  writeFileSync(path, `${JSON.stringify({ places: PLACES, bases, table }, null, 2)}\n`)
}

await main()
