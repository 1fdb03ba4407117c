import { diffRuns, type EventSource, openRuns, recordScenario } from '@pagetrail/recorder'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Why a verdict is another than 0.1 gave, read against the definition of the same effects, and what shows it. */
interface Reason {
  readonly name: string
  readonly why: string
  readonly isSeen: (left: EventSource, right: EventSource) => boolean
}

const VALID = 1n
const NG = 1n << 11n
const TABLE = 3n
const AF = 1n << 10n

/** Whether each entry that is stored invalid, but not empty, has nG, in order. */
const invalidForms = (source: EventSource): string =>
  [...source.events()]
    .filter((e) => e.kind === 'desc_write' && e.new !== null && e.new !== 0n)
    .flatMap((e) => (e.kind === 'desc_write' && (e.new! & VALID) === 0n ? [e.new! & NG] : []))
    .join()

/** Which ranges are flushed, in order. */
const flushed = (source: EventSource): string =>
  [...source.events()].flatMap((e) => (e.kind === 'tlb_flush' ? [`${e.va}-${e.end}`] : [])).join()

/** Whether each table that is linked has the access flag, in order. */
const tableAccessFlags = (source: EventSource): string =>
  [...source.events()]
    .flatMap((e) =>
      e.kind === 'desc_write' && e.level !== 'pte' && e.new !== null && (e.new & TABLE) === TABLE
        ? [e.new & AF]
        : [],
    )
    .join()

export const REASONS: readonly Reason[] = [
  {
    name: 'another form of the invalid entry',
    why: `7.3 sets nG in an entry that it makes invalid (PTE_PRESENT_INVALID) and clears it when it makes it valid again. Nobody
reads the bits of an invalid entry but the kernel itself: in 0.1 they counted as another change of the entry.`,
    isSeen: (left, right) => invalidForms(left) !== invalidForms(right),
  },
  {
    name: 'a flush of what nobody held otherwise',
    why: `0.1 compared which ranges were flushed. What counts is what observers may hold afterwards, and that is the same: 6.12
flushes after calls that make entries valid, which TLBs do not hold (later versions leave that out); up to 6.18 set_memory_rw()
flushes the aliases of the whole area, of which those not asked for are what they were; and where a block refuses the alias, 6.18
flushes the first page of the area and 7.3 the one asked for, neither changed. The difference is cost, and path.`,
    isSeen: (left, right) => flushed(left) !== flushed(right),
  },
  {
    name: 'the access flag of a table',
    why: `6.17 and later versions set the access flag in the descriptors of the tables that they make, 6.12 does not. It allows and
forbids nothing, and leads nowhere else; of a table's descriptor only the limits count as an effect, beside where it leads.`,
    isSeen: (left, right) => tableAccessFlags(left) !== tableAccessFlags(right),
  },
]

const LETTERS: Readonly<Record<string, string>> = {
  '=': 'identical',
  p: 'path',
  e: 'effects',
  o: 'outcome',
}

/** A pair of versions in a scenario whose verdict has changed. */
export interface ChangedVerdict {
  readonly scenario: string
  readonly pair: string
  readonly from: string
  readonly to: string
  /** What the runs show of the reasons. */
  readonly reasons: readonly string[]
  /** What a diff of them says now. */
  readonly verdict: string
}

type Table = ReadonlyMap<string, readonly string[]>

const table = (text: string): Table =>
  new Map(
    text
      .trimEnd()
      .split('\n')
      .map((row) => {
        const [scenario = '', ...letters] = row.split('\t')
        return [scenario, letters]
      }),
  )

const at = (path: string): Buffer => readFileSync(join(import.meta.dirname, '../../', path))

/** Every verdict that is another than 0.1 gave, with what two new runs show. */
export async function changedVerdicts(
  inputs: ReadonlyMap<string, object>,
): Promise<ChangedVerdict[]> {
  const before = table(gunzipSync(at('fixtures/v0.1/diff-verdicts.tsv.gz')).toString())
  const now = table(at('e2e/golden/diff-verdicts.tsv').toString())
  const pairs = now.get('scenario')!
  if (`${pairs}` !== `${before.get('scenario')}`) throw new Error('other pairs than in 0.1')
  const found: ChangedVerdict[] = []
  for (const [scenario, letters] of now) {
    const old = before.get(scenario)
    if (old === undefined) continue
    const changed = letters.flatMap((letter, i) => (letter === old[i] ? [] : [i]))
    if (changed.length === 0) continue
    const runFile = await openRuns(':memory:', { mode: 'write' })
    const run = (flavour: string): EventSource =>
      runFile.source(
        recordScenario(runFile, inputs.get(scenario), { flavour, name: scenario, created: 0 }).run,
      )
    const sources = new Map(
      [...new Set(changed.flatMap((i) => pairs[i]!.split('|')))].map((name) => [name, run(name)]),
    )
    for (const i of changed) {
      const [left, right] = pairs[i]!.split('|').map((name) => sources.get(name)!)
      found.push({
        scenario,
        pair: pairs[i]!.replace('|', ' and '),
        from: LETTERS[old[i]!]!,
        to: LETTERS[letters[i]!]!,
        reasons: REASONS.filter(({ isSeen }) => isSeen(left!, right!)).map(({ name }) => name),
        verdict: diffRuns(left!, right!).verdict,
      })
    }
    runFile.close()
  }
  return found
}

/** The section of the page: by reason, and which scenarios. */
export function changesText(changes: readonly ChangedVerdict[]): string {
  const scenarios = new Set(changes.map(({ scenario }) => scenario))
  const ways = new Set(changes.map(({ from, to }) => `${from} to ${to}`))
  const lines = [
    '## What changed since 0.1, and why',
    '',
    `Of the ${changes.length} letters of the file above that are not those of 0.1, in ${scenarios.size} scenarios, all went from`,
    `${[...ways].join(', ')}. A test makes each of these runs anew and looks for the reason in their events; a verdict that changes`,
    'without one fails it.',
    '',
  ]
  for (const { name, why } of REASONS) {
    const own = changes.filter(({ reasons }) => reasons.includes(name))
    const byPairs = Map.groupBy(own, ({ pair }) => pair)
    lines.push(`### ${name[0]!.toUpperCase()}${name.slice(1)}`, '', why, '')
    lines.push('| pair | scenarios |', '| --- | --- |')
    for (const [pair, list] of byPairs)
      lines.push(`| ${pair} | ${list.map(({ scenario }) => scenario).join(', ')} |`)
    lines.push('')
  }
  return lines.join('\n') + '\n'
}
