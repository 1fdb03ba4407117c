import {
  buildOf,
  type Column,
  type EventSource,
  type Json,
  pairLines,
  type Run,
  tableLines,
  count,
} from '@pagetrail/recorder'
import { findRun } from '../command/find/find-runs.ts'
import type { Session, Status } from '../command/session.ts'
import { geometryText, missingText, momentText, runFields, sourceText } from '../text/run-words.ts'
import { RUN_OR_FILE } from './arguments.ts'
import type { Verb } from './verb.ts'
import { duration, safe } from '../text/fit.ts'

export const infoVerb: Verb = {
  name: 'info',
  group: 'Looking at one:',
  pages: true,
  summary: 'say what a run is and what is in it',
  examples: [['info -1', 'source, kernel, geometry, counts by kind and by call']],
  declare(command, invoke) {
    command.argument('<run>', RUN_OR_FILE).action((run) => invoke((session) => info(session, run)))
  },
}

/** The fact that holds, by name, how often each event of ftrace occurs: shown as a table. */
const COUNTS = 'events'

/** How often each kind, each call, and each ftrace event that has no kind occurs. */
interface Census {
  readonly kinds: ReadonlyMap<string, number>
  readonly calls: ReadonlyMap<string, number>
  readonly unknown: ReadonlyMap<string, number>
  /** ns from the first timestamp to the last. */
  readonly span: number
}

async function info(session: Session, spec: string): Promise<Status> {
  const { runFile, run } = await findRun(session, spec)
  const census = await takeCensus(session, runFile.source(run))
  const missing = missingText(run)
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('run', runFields(run))
    for (const [kind, n] of census.kinds) lines.data('kind', { kind, events: n })
    for (const [fn, n] of census.calls) lines.data('call', { fn, calls: n })
    for (const [event, n] of census.unknown) lines.data('ftrace', { event, events: n })
    lines.end(missing === null, missing === null ? {} : { why: missing })
    return 0
  }
  session.out.lines(pairLines(describeRun(run, census.span)))
  for (const [head, counts] of [
    ['CALL', census.calls],
    ['KIND', census.kinds],
    ['FTRACE EVENT WITHOUT A KIND', census.unknown],
    ['FTRACE EVENT', countsIn(run.facts[COUNTS])],
  ] as const) {
    if (counts.size === 0) continue
    session.out.line()
    session.out.lines(
      tableLines(
        countColumns(head),
        [...counts].toSorted((a, b) => b[1] - a[1]),
      ),
    )
  }
  if (missing !== null) await session.note(missing)
  return 0
}

const add = (to: Map<string, number>, name: string) => to.set(name, (to.get(name) ?? 0) + 1)

async function takeCensus(session: Session, source: EventSource): Promise<Census> {
  const kinds = new Map<string, number>()
  const calls = new Map<string, number>()
  const unknown = new Map<string, number>()
  let span = 0
  for (const event of source.events()) {
    add(kinds, event.kind)
    if (event.kind === 'op_begin') add(calls, event.fn ?? '?')
    if (event.kind === 'ftrace') add(unknown, event.event ?? '?')
    if (event.ts !== null && event.ts > span) span = event.ts
    await session.out.room()
  }
  return { kinds, calls, unknown, span }
}

/** Facts with a section of their own, and the programs of CPUs, which are what the calls are. */
const NOT_SHOWN: ReadonlySet<string> = new Set([COUNTS, 'cpus'])

function describeRun(run: Run, span: number): [string, string][] {
  const rows: (readonly [string, string])[] = [
    ['run', `${run.id} ${run.label}`],
    ['source', sourceText(run)],
    ['state', run.state],
    ['flavour', run.flavour ?? '?'],
    ['kernel', run.kernel ?? (isSimulated(run) ? 'none, simulated' : '?')],
    ['build', buildOf(run) ?? ''],
    ['scenario', run.scenario ?? ''],
    ['tables', geometryText(run) || '?'],
    ['events', count(run.events)],
    ['calls', count(run.calls)],
    ['lost', count(run.lost)],
    ['time', run.t0 === null ? 'no clock' : duration(span)],
    ['recorded', `${momentText(run.created)} UTC`],
    ...Object.entries(run.facts)
      .filter(([name, value]) => !NOT_SHOWN.has(name) && value !== null)
      .map(([name, value]) => [name, factText(name, value)] as const),
  ]
  return rows.filter(([, value]) => value !== '').map(([name, value]) => [safe(name), safe(value)])
}

/** The engine has no kernel below it; what a producer of JSON Lines has is not known. */
const isSimulated = ({ source }: Run): boolean => source === 'engine' || source === 'module'

/** A fact in words: kinds that a run shows, and in which functions, as lists; others as the JSON they are. */
function factText(name: string, value: Json): string {
  if (typeof value === 'string') return value
  if (name === 'shows' && Array.isArray(value)) return value.join(', ')
  if (name !== 'sites' || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const sites = Object.entries(value).map(([kind, fns]) => `${kind} in ${String(fns)}`)
  return sites.join('; ').replaceAll(',', ', ')
}

const countColumns = (head: string): readonly Column<readonly [string, number]>[] => [
  { head, value: ([name]) => name },
  { head: 'COUNT', value: ([, n]) => count(n), align: 'right' },
]

/** The numbers of a fact, by name. */
function countsIn(fact: Json | undefined): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  if (typeof fact !== 'object' || fact === null) return counts
  for (const [name, n] of Object.entries(fact)) if (typeof n === 'number') counts.set(name, n)
  return counts
}
