import { printEntries } from '@pagetrail/engine'
import { differing } from './outcomes.ts'
import { count, many } from '../event/quantity.ts'
import type { ExploreFinding, ExploreResult, BoundAnswer } from './search-result.ts'

/** A search that has been made, with what it was made of. */
export interface Explored {
  /** `two-in-one-span/4k-48/6.18`. */
  readonly label: string
  /** Locks, walkers and other choices that differ from the usual: `, cpa lock`. */
  readonly variant: string
  readonly result: ExploreResult
  /** ms. */
  readonly took: number
  readonly seed: number
  /** What schedules of it begin with where it matters what they are for: `v2/6.18/…/`. */
  readonly prefix: string
}

/** Of all schedules: `100 %`, `0.35 %`, `1 in 61,189,336,506,613,435`. */
export function shareText(failing: bigint, all: bigint): string {
  if (all === 0n || failing === 0n) return '0 %'
  if (failing === all) return '100 %'
  const tenThousandths = Number((failing * 1_000_000n) / all) / 10_000
  return tenThousandths >= 0.01 ? `${tenThousandths.toFixed(2)} %` : `1 in ${count(all / failing)}`
}

const WHAT: Readonly<Record<ExploreResult['mode'], string>> = {
  states: 'schedules',
  bounded: 'schedules',
  dpor: 'classes',
  pct: 'runs',
  random: 'runs',
}

/** What the numbers are: exact, bounds, or tries. */
export function coverageText({ mode, complete, limit, bounds }: ExploreResult): string {
  if (mode === 'pct' || mode === 'random') return complete ? 'by chance' : `by chance; ${limit}`
  if (!complete) return `at least; ${limit}`
  if (mode === 'dpor') return 'one of each class of schedules, all covered'
  const most = bounds.at(-1)?.preemptions ?? 0
  return mode === 'bounded' ? `all covered with at most ${many(most, 'preemption')}` : 'all covered'
}

/** Which steps an order of CPUs is an order of. */
const COUNTED: Readonly<Record<ExploreResult['counted'], string>> = {
  every: 'every step counts',
  shared: 'steps on what CPUs share count',
  visible: 'steps that another CPU can see count',
}

const row = (name: string, n: string, rest: string): string =>
  `  ${name.padEnd(20)} ${n.padStart(16)}   ${rest}`.trimEnd()

/** The answer to one search as text; `runs`: what was recorded, by property. */
export function* exploreLines(
  explored: Explored,
  runs: ReadonlyMap<string, string>,
): Generator<string> {
  const { label, variant, result, took } = explored
  const { cpus, longest, states, schedules, gaveUp, waited, counted } = result
  const size = longest > 0 ? `, longest schedule ${count(longest)} steps` : ''
  yield `${label}${variant}: ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}${size}; sequentially consistent data accesses; ${COUNTED[counted]}`
  const where = states > 0 ? `states ${count(states)} · ` : ''
  yield row(
    WHAT[result.mode],
    count(schedules),
    `${coverageText(result)}   ${where}${Math.round(took)} ms`,
  )
  if (gaveUp > 0n)
    yield row(
      'given up',
      count(gaveUp),
      'more reach the bound of a retry loop, and are not counted',
    )
  for (const bound of result.bounds) yield boundRow(bound)
  for (const finding of result.findings) yield row(...findingRow(result, finding, runs))
  const unbroken = relevant(result).map(({ name }) => name)
  const shown = unbroken.filter((name) => SHOWN.has(name))
  for (const name of shown) yield row(name, '0', searchVerdict(explored))
  const others = unbroken.filter((name) => !SHOWN.has(name))
  if (others.length > 0) {
    yield row(`${others.length} more`, '0', `${searchVerdict(explored)}: ${others.join(', ')}`)
  }
  for (const { held, taken } of result.inversions) {
    yield row('lock-order', '', `${held} and ${taken} are taken in both orders`)
  }
  yield* outcomeRows(result)
  if (waited > 0n)
    yield row('waits for a lock', count(waited), shareText(waited, schedules + gaveUp))
}

/** Outcomes that are shown one by one, and of each what not all have. */
const OUTCOMES_SHOWN = 4
const PARTS_SHOWN = 3

/** More than one end is a note: which they are, and a schedule for each. */
function* outcomeRows({ outcomes, outcomesAreCut }: ExploreResult): Generator<string> {
  if (outcomes.length < 2) return
  const least = outcomesAreCut ? 'at least; ' : ''
  yield row('outcomes', count(outcomes.length), `${least}what calls return, what the tables hold`)
  if (outcomes.length > OUTCOMES_SHOWN) return
  for (const [i, parts] of differing(outcomes).entries()) {
    const schedule = printEntries(outcomes[i]?.entries ?? [])
    const shown = parts.slice(0, PARTS_SHOWN)
    const more = parts.length > shown.length ? [`${parts.length - shown.length} more`] : []
    const what = [...shown, ...more].join('; ') || 'nothing that the others have not'
    yield row('', '', `${what} (${schedule})`)
  }
}

/** Of a search by bounds: the answer to each. */
function boundRow({ preemptions, complete, schedules, states, failing }: BoundAnswer): string {
  const fails = failing.map(([name, n]) => `${name} ${count(n)}`).join(', ')
  const verdict = complete ? 'all covered: nothing fails' : 'at least: nothing found so far'
  const what = fails === '' ? verdict : `${complete ? 'all covered' : 'at least'}: ${fails}`
  const name = `  ≤ ${many(preemptions, 'preemption')}`
  return row(name, count(schedules), `${what}   states ${count(states)}`)
}

function findingRow(
  result: ExploreResult,
  { property, failing, atEnd, preemptions, isLeast, unavoidable, entries }: ExploreFinding,
  runs: ReadonlyMap<string, string>,
): [string, string, string] {
  const least =
    preemptions === null
      ? ''
      : `   ${isLeast ? 'least' : 'found with'}: ${preemptions} ${preemptions === 1 ? 'preemption' : 'preemptions'}`
  const from =
    unavoidable === null || entries.length === 0 ? '' : `, unavoidable after step ${unavoidable}`
  const run = runs.get(property.name)
  const stays = atEnd === null || atEnd === failing ? '' : `, ${count(atEnd)} at the end`
  const share = `${shareText(failing, result.schedules)}${stays}`
  return [
    property.name,
    count(failing),
    `${share}${least}${from}${run === undefined ? '' : `   ${run}`}`,
  ]
}

/** Nothing broke these: `proved` only where every schedule was looked at. */
export function searchVerdict({ result, seed }: Explored): string {
  const { mode, complete, schedules } = result
  if (complete && (mode === 'states' || mode === 'dpor')) return 'proved'
  if (complete && mode === 'bounded') return 'proved within the bound of preemptions'
  if (mode === 'pct' || mode === 'random') {
    return `not found in ${count(schedules)} runs (seed ${seed}); a failure of probability p was missed with (1-p)^${schedules}`
  }
  return 'not found so far'
}

/** Of a machine without TLBs. */
const NEEDS_TLB: ReadonlySet<string> = new Set([
  'stale-access',
  'tlb-conflict',
  'spurious-fault',
  'stale-at-return',
])

/** Shown in rows of their own, whatever comes of them. */
const SHOWN: ReadonlySet<string> = new Set([
  'lost-update',
  'torn-span',
  'deadlock',
  'stale-at-return',
  'never',
  'property',
])

/** Those of what was not broken that could have been: nothing is proved of what the scenario does not do. */
export const relevant = ({ unbroken, hasTlb }: ExploreResult): ExploreResult['unbroken'] =>
  unbroken.filter(({ name }) => hasTlb || !NEEDS_TLB.has(name))

/** A page for a mail: variants × what was found, and the smallest schedules as lanes. */
export function* exploreMarkdown(
  explored: readonly Explored[],
  lanes: ReadonlyMap<string, readonly string[]>,
): Generator<string> {
  yield '| what | schedules | covered | fails | least preemptions | a CPU waits |'
  yield '|---|---:|---|---|---|---:|'
  for (const each of explored) {
    const { label, variant, result } = each
    const fails = result.findings.map(
      ({ property, failing }) => `${property.name} ${count(failing)}`,
    )
    const least = result.findings.map(({ preemptions, isLeast }) =>
      preemptions === null ? '?' : `${isLeast ? '' : '≤ '}${preemptions}`,
    )
    const verdict = fails.length > 0 ? fails.join('<br>') : `0, ${searchVerdict(each)}`
    yield `| ${label}${variant} | ${count(result.schedules)} | ${coverageText(result)} | ${verdict} | ${least.join('<br>')} | ${count(result.waited)} |`
  }
  for (const [title, lines] of lanes) {
    yield ''
    yield `**${title}**`
    yield ''
    yield* lines.map((line) => `    ${line}`)
  }
}

/** The fields of a search for `--json`; numbers that a JSON reader could lose bits of are texts. */
export function exploreFields({
  label,
  result,
  took,
  seed,
  prefix,
}: Explored): Record<string, unknown> {
  return {
    label,
    mode: result.mode,
    complete: result.complete,
    ...(result.limit !== null && { limit: result.limit }),
    schedules: jsonNumber(result.schedules),
    gave_up: jsonNumber(result.gaveUp),
    waited: jsonNumber(result.waited),
    states: result.states,
    edges: result.edges,
    ends: result.ends,
    ...(result.bounds.length > 0 && { bounds: result.bounds.map(boundFields) }),
    outcomes: result.outcomes.length,
    ...(result.outcomesAreCut && { outcomes_are_cut: true }),
    longest: result.longest,
    bytes: result.bytes,
    cpus: result.cpus,
    schedule_prefix: prefix,
    seed,
    ms: Math.round(took),
  }
}

const boundFields = ({ schedules, failing, ...bound }: BoundAnswer) => ({
  ...bound,
  schedules: jsonNumber(schedules),
  failing: Object.fromEntries(failing.map(([name, n]) => [name, jsonNumber(n)])),
})

export const jsonNumber = (n: bigint): number | string =>
  n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : String(n)
