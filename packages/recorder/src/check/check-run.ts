import { InputError } from '@pagetrail/engine'
import { didYouMean } from '../event/nearest.ts'
import type { Kind, TraceEvent } from '../event/kinds.ts'
import { isLoss } from '../event/loss.ts'
import type { EventSource, Run } from '../event/run.ts'
import { missingEvidence } from './fold/missing-evidence.ts'
import {
  type CheckReport,
  type Finding,
  Fingerprints,
  MAX_FINDINGS,
  shortProof,
  type RuleVerdict,
} from './finding.ts'
import { Fold } from './fold/fold.ts'
import { vaOf } from '../observers/page-numbers.ts'
import type { Report, Rule, RuleWatch } from './rule.ts'
import { RULES } from './rules.ts'

type Handler = (e: TraceEvent) => void

/** A rule with what it has found so far. */
class Running {
  readonly rule: Rule
  readonly watch: RuleWatch
  readonly findings: Finding[] = []
  readonly lacking = new Set<string>()
  count = 0
  readonly #prints = new Fingerprints()
  readonly #fold: Fold

  constructor(rule: Rule, fold: Fold) {
    this.rule = rule
    this.#fold = fold
    this.watch = rule.start({
      fold,
      report: (finding) => this.#add(finding),
      lacks: (what) => this.lacking.add(what),
    })
  }

  #add(report: Report): void {
    this.count++
    if (this.findings.length >= MAX_FINDINGS) return
    const call = report.call === undefined ? this.#fold.call : report.call
    this.findings.push({
      rule: this.rule.name,
      hazard: report.hazard ?? this.rule.hazard,
      severity: report.severity,
      op: report.op === undefined ? (call?.op ?? null) : report.op,
      cpu: report.cpu ?? call?.cpu ?? this.#fold.lane.cpu,
      proof: shortProof(report.proof),
      va: report.start === undefined ? null : vaOf(report.start),
      end: report.end === undefined ? null : vaOf(report.end),
      message: report.message,
      fingerprint: this.#prints.of(
        this.rule.name,
        report.hazard ?? this.rule.hazard,
        report.message,
      ),
    })
  }

  verdict(missing: readonly string[]): RuleVerdict {
    const { name, hazard } = this.rule
    const status = missing.length > 0 ? 'undecided' : this.count > 0 ? 'found' : 'clean'
    return { rule: name, hazard, status, missing, count: status === 'found' ? this.count : 0 }
  }
}

/** The rules of these names; without names all. @throws InputError that lists the names. */
export function rulesNamed(names?: readonly string[]): readonly Rule[] {
  if (names === undefined) return RULES
  const picked = new Set<Rule>()
  for (const name of names) {
    const wanted = RULES.filter((rule) => rule.name === name || rule.hazard === name.toUpperCase())
    if (wanted.length === 0) {
      const known = RULES.map((rule) => rule.name).join(', ')
      const near = didYouMean(
        name,
        RULES.map((rule) => rule.name),
      )
      throw new InputError(
        `no rule or hazard ${name}${near || `; there are ${known}, and H1 to H18`}`,
      )
    }
    for (const rule of wanted) picked.add(rule)
  }
  return RULES.filter((rule) => picked.has(rule))
}

/**
 * Checks one run in a single pass over its events. Memory grows with the entries the run shows and with the findings,
 * not with its length.
 */
export function checkRun(source: EventSource, rules: readonly Rule[] = RULES): CheckReport {
  const fold = new Fold(source.run)
  const running = rules.map((rule) => new Running(rule, fold))
  const handlers = dispatch(running)
  const seen = new Set<Kind>()
  let events = 0
  let gap: TraceEvent | null = null
  for (const e of source.events()) {
    events++
    seen.add(e.kind)
    fold.before(e)
    const interested = handlers.get(e.kind)
    if (interested !== undefined && (e.kind !== 'desc_write' || fold.hasWrite)) {
      for (const handle of interested) handle(e)
    }
    fold.after(e)
    if (e.kind === 'op_end' && fold.live.size === 0) for (const r of running) r.watch.quiet?.()
    if (isLoss(e)) {
      gap ??= e
      for (const r of running) r.watch.gap?.()
    }
  }
  fold.finish()
  for (const r of running) r.watch.end?.()
  const unplaced = lossWithoutPlace(source.run)
  const verdicts = running.map((r) => {
    if (unplaced !== null) return r.verdict([unplaced])
    const missing = missingEvidence(source.run, seen, r.rule.needs)
    if (missing.length > 0 || r.count > 0) return r.verdict(missing)
    if (gap !== null) return r.verdict([`the events that are missing at #${gap.seq}`])
    return r.verdict([...r.lacking])
  })
  const { id, label, flavour } = source.run
  const file = fileOf(source.run)
  const findings = running.flatMap((r, i) => (verdicts[i]?.status === 'found' ? r.findings : []))
  findings.sort((a, b) => (a.proof.at(-1) ?? 0) - (b.proof.at(-1) ?? 0))
  return { run: { id, label, flavour, file }, events, findings, verdicts }
}

/** The JSON Lines that hold the events, by lines. */
function fileOf({ label, facts }: EventSource['run']): string {
  const { file } = facts
  const isLines = typeof file === 'string' && file.endsWith('.jsonl')
  return isLines ? file : `${label.replace(/[^\w.-]+/g, '-')}.jsonl`
}

/** A capture that counts other events than it holds: nobody knows where those are missing, or come twice. */
function lossWithoutPlace({ facts }: Run): string | null {
  const { counted, entries } = facts
  if (typeof counted !== 'number' || typeof entries !== 'number') return null
  const are = `the ${counted} events that the capture counts: ${entries} are in it`
  return counted === entries ? `${are}, some twice or beside others that could not be read` : are
}

function dispatch(running: readonly Running[]): ReadonlyMap<Kind, readonly Handler[]> {
  const handlers = new Map<Kind, Handler[]>()
  for (const { watch } of running) {
    for (const [kind, handle] of Object.entries(watch.on) as [Kind, Handler][]) {
      const list = handlers.get(kind)
      if (list === undefined) handlers.set(kind, [handle])
      else list.push(handle)
    }
  }
  return handlers
}
