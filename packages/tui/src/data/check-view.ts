import {
  checkRun,
  eventWords,
  type Finding,
  parseFilter,
  RULES,
  type Run,
  type RunFile,
  runGeometry,
  toSql,
  type TraceEvent,
  undecided,
} from '@pagetrail/recorder'
import { BEGINS } from '../text/begins.ts'
import type { CheckView, FindingView } from './data.ts'

const ORDER = ['error', 'warning', 'note'] as const
/** Findings of one rule whose proof is read; the rest are counted. */
const SHOWN = 50
/** How far back the calls around an event are looked for. */
const LOOK_BACK = 100_000

/** What the checks say of a run, as its screens show it. */
export function checkView(runFile: RunFile, run: Run): CheckView {
  const report = checkRun(runFile.source(run))
  const found = report.verdicts
    .map((verdict) => ({ verdict, own: report.findings.filter((f) => f.rule === verdict.rule) }))
    .filter(({ own }) => own.length > 0)
  const groups = found.map(({ verdict, own }) => {
    const severity = ORDER.find((s) => own.some((f) => f.severity === s)) ?? 'note'
    const rule = RULES.find((r) => r.name === verdict.rule)
    return {
      severity,
      rule: verdict.rule,
      hazard: verdict.hazard,
      count: verdict.count,
      sentence: rule?.sentence ?? '',
      remedies: severity === 'note' ? [] : (rule?.remedies ?? []),
      findings: own.slice(0, SHOWN).map((f) => findingView(runFile, run, f)),
    }
  })
  return {
    groups: groups.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)),
    // Of all that the report lists, also of those that are only counted in their group.
    proof: [...new Set(report.findings.flatMap((f) => f.proof))].toSorted((a, b) => a - b),
    until: found.reduce<number | null>((until, { verdict, own }) => {
      if (own.length === verdict.count) return until
      return Math.min(until ?? Infinity, Math.max(...own.flatMap((f) => f.proof)))
    }, null),
    undecided: undecided(report).map(
      (v) => `${v.rule} (${v.hazard}) needs ${v.missing.join('; ')}`,
    ),
    rules: report.verdicts.length,
  }
}

function findingView(runFile: RunFile, run: Run, f: Finding): FindingView {
  const events = f.proof.flatMap((seq) => runFile.readPage(run, { from: seq, limit: 1 }))
  const last = events.at(-1)
  return {
    seq: f.proof.at(-1) ?? 0,
    op: f.op,
    text: f.message,
    severity: f.severity,
    proof: events.map((e) => {
      const { what, detail } = eventWords(e, runGeometry(run))
      return { seq: e.seq, cpu: e.cpu, text: `${what} ${detail}` }
    }),
    chain: last ? chainOf(runFile, run, last) : '',
  }
}

/** Calls, walks and callbacks around an event, from outside: `set_memory_ro #2 › walk … #4`. */
function chainOf(runFile: RunFile, run: Run, event: TraceEvent): string {
  const chain: string[] = []
  let at = event
  for (let nest = event.nest - 1; nest >= 0; nest--) {
    const where = toSql(parseFilter(`${BEGINS} && nest == ${nest} && cpu == ${event.cpu}`))
    const to = Math.max(0, at.seq - LOOK_BACK)
    const [outer] = runFile.readPage(run, { from: at.seq - 1, to, backward: true, limit: 1, where })
    if (!outer) break
    chain.unshift(`${'fn' in outer ? outer.fn : outer.kind} #${outer.seq}`)
    at = outer
  }
  return chain.join(' › ')
}
