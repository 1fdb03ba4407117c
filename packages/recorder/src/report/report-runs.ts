import { evidenceOf } from '../event/evidence.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { type Call, type EventSource, pageShiftOf, type Run } from '../event/run.ts'
import { addCosts, CostCounter, type Costs } from '../cost/costs.ts'
import { Coverage, type CoveragePoint } from './coverage.ts'
import { knownCosts } from '../cost/known-costs.ts'

export interface CallCosts {
  readonly call: Call
  readonly costs: Costs
}

/** All calls of one function. */
export interface FunctionCosts {
  readonly fn: string
  readonly calls: number
  /** Calls that returned an error. */
  readonly failed: number
  readonly costs: Costs
}

/** What one run cost and exercised. */
export interface RunReport {
  readonly run: Run
  /** All calls together. */
  readonly total: Costs
  /** What happened outside of calls. */
  readonly outside: Costs
  /** By function, the most frequent first. */
  readonly functions: readonly FunctionCosts[]
  /** The first calls that were asked for, in order. */
  readonly calls: readonly CallCosts[]
  readonly coverage: readonly CoveragePoint[]
}

export interface ReportOptions {
  /** Calls to list one by one; all are counted. Default 0. */
  readonly calls?: number
  /** Events to count; the calls are always kept apart. */
  readonly matches?: (event: TraceEvent) => boolean
}

/** Reads a run once and adds up its costs; in memory are the calls that are open, and those that are listed. */
export function reportRun(source: EventSource, options: ReportOptions = {}): RunReport {
  const { run } = source
  const known = knownCosts(evidenceOf(run))
  const pageShift = pageShiftOf(run)
  const calls = new CallsByOp(source.calls())
  const open = new Map<number, { call: Call; counter: CostCounter }>()
  const outside = new CostCounter(pageShift)
  const coverage = new Coverage(run)
  const sums = new Sums(options.calls ?? 0)
  for (const event of source.events()) {
    if (options.matches && !options.matches(event)) continue
    coverage.add(event)
    let costing = event.op === null ? undefined : open.get(event.op)
    if (!costing) {
      const call = event.op === null ? undefined : calls.take(event.op)
      if (!call) {
        outside.add(event)
        continue
      }
      open.set(call.op, (costing = { call, counter: new CostCounter(pageShift) }))
    }
    const { call, counter } = costing
    counter.add(event)
    if (event.seq === call.last) {
      open.delete(call.op)
      sums.add(call, counter.costs(known))
    }
  }
  // Calls that did not return, or whose end the filter left out.
  for (const { call, counter } of open.values()) sums.add(call, counter.costs(known))
  return {
    run,
    total: sums.total ?? new CostCounter(pageShift).costs(known),
    outside: outside.costs(known),
    functions: sums.functions(),
    calls: sums.listed.toSorted((a, b) => a.call.op - b.call.op),
    coverage: coverage.points(),
  }
}

/** The calls of a run, which begin in the order of their numbers: read as far as its events have come. */
class CallsByOp {
  readonly #coming: Iterator<Call>
  /** Calls that begin before one that was taken, of which no event has been counted. */
  readonly #waiting = new Map<number, Call>()

  constructor(calls: Iterable<Call>) {
    this.#coming = calls[Symbol.iterator]()
  }

  /** The call of this number, once; undefined where the run has none. */
  take(op: number): Call | undefined {
    const waiting = this.#waiting.get(op)
    if (waiting) {
      this.#waiting.delete(op)
      return waiting
    }
    for (let next = this.#coming.next(); next.done !== true; next = this.#coming.next()) {
      if (next.value.op === op) return next.value
      this.#waiting.set(next.value.op, next.value)
    }
    return undefined
  }
}

class Sums {
  total: Costs | null = null
  readonly listed: CallCosts[] = []
  private readonly byFunction = new Map<
    string,
    { fn: string; calls: number; failed: number; costs: Costs }
  >()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(call: Call, costs: Costs): void {
    this.total = this.total === null ? costs : addCosts(this.total, costs)
    if (this.listed.length < this.limit) this.listed.push({ call, costs })
    const failed = call.ret !== null && call.ret < 0 ? 1 : 0
    const known = this.byFunction.get(call.fn)
    if (!known) {
      this.byFunction.set(call.fn, { fn: call.fn, calls: 1, failed, costs })
      return
    }
    known.calls++
    known.failed += failed
    known.costs = addCosts(known.costs, costs)
  }

  functions(): FunctionCosts[] {
    return [...this.byFunction.values()].toSorted(
      (a, b) => b.calls - a.calls || (a.fn < b.fn ? -1 : 1),
    )
  }
}
