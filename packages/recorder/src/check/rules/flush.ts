import { many } from '../../event/quantity.ts'
import { changeOf } from '../../observers/masks.ts'
import { evidenceOf, showsIn } from '../../event/evidence.ts'
import { hexRange, PAGE_LIMIT } from '../../observers/page-numbers.ts'
import { enables, flushesForOthers, flushesIn, promisesFlush } from '../../observers/promises.ts'
import type { RangeList } from '../../observers/range-list.ts'
import type { Harm } from '../../observers/translation.ts'
import type { Frame, OpenCall } from '../fold/lane.ts'
import { SeqSet } from '../fold/seq-set.ts'
import { collect, Damage, MEANING, owedBy } from '../fold/damage.ts'
import { type Report, type Rule, type Scope, unreturned } from '../rule.ts'
import { MAX_PROOF, type Severity } from '../finding.ts'

const REMEDIES = [
  'Flush the range before returning, also after an error, as __change_memory_common() does.',
  'Entry points named _noflush leave it to their caller, who must flush before the memory is used for anything else.',
  'Eliding the flush of an enable-only change is sound only if every change before it was flushed.',
]

const flushedRanges = (call: OpenCall): string => {
  const near = call.flushes.filter((flush) => flush.all || flush.end > flush.start)
  if (near.length === 0) return 'nothing was flushed'
  const ranges = near
    .slice(0, 2)
    .map((flush) => (flush.all ? 'everything' : hexRange(flush.start, flush.end)))
  const isEarly = near.some((flush) => flush.isOwed)
  return isEarly
    ? `${ranges.join(', ')} was flushed, which is not enough`
    : `only ${ranges.join(', ')} was flushed`
}

function severityOf(call: OpenCall, harm: Harm): Severity {
  if (harm !== 'too-little') return 'error'
  const change = changeOf(call.fn, call.args)
  return change !== null && enables(change) ? 'error' : 'warning'
}

/** A TLBI of some of these pages was issued, and the run shows no dsb that could have completed it. */
function isEndUnseen({ fold }: Scope, { start, end }: RangeList): boolean {
  const { kinds, sites } = evidenceOf(fold.run)
  if (kinds.has('dsb') || sites.has('dsb')) return false
  return [...fold.observers.lines()].some(({ issued }) =>
    issued.some((tlbi) => tlbi.start < end && start < tlbi.end),
  )
}

const UNSEEN_END = 'the dsb that completes a TLBI (dsb)'

function report(scope: Scope, call: OpenCall, seq: number, damage: Damage, why: string): void {
  const { gravest } = damage
  if (gravest === undefined) return
  const ranges = damage.all
  const { stores } = damage
  if (isEndUnseen(scope, ranges)) {
    scope.lacks(UNSEEN_END)
    return
  }
  scope.report({
    severity: severityOf(call, gravest),
    call,
    proof: [...stores.first, ...call.flushes.map((flush) => flush.seq), seq],
    start: ranges.start,
    end: ranges.end,
    message:
      `${call.fn} returned while TLBs ${MEANING[gravest]}, at ${ranges} ` +
      `(${many(stores.size, 'store')}): ${why}`,
  })
}

/** Stores made while a function runs that flushes for others, by its frame: a kernel's own, inside of no call. */
class InFlushers {
  readonly #scope: Scope
  readonly #stores = new WeakMap<Frame, Set<number>>()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  stored(seq: number): void {
    const frame = this.#open()
    if (frame === undefined) return
    const stores = this.#stores.get(frame) ?? new Set<number>()
    this.#stores.set(frame, stores.add(seq))
  }

  /** The function returns: what its stores have left, if it is shown whether it flushed; null: nothing. */
  returned(fn: string | null, seq: number): Report | null {
    const { fold } = this.#scope
    const frame = this.#open()
    const stores = frame?.fn === fn ? this.#stores.get(frame) : undefined
    if (frame === undefined || stores === undefined) return null
    const damage = new Damage()
    const { rows } = fold.observers.versions
    collect(fold, damage, 0, PAGE_LIMIT, (row) => !stores.has(rows.seq(row)))
    const { gravest, all: ranges } = damage
    if (gravest === undefined) return null
    const evidence = evidenceOf(fold.run)
    const isShown = (where: string): boolean =>
      showsIn(evidence, 'tlbi', where) || showsIn(evidence, 'tlb_flush', where)
    if (!flushesIn(frame.fn).some(isShown)) {
      this.#scope.lacks(`flushes in ${frame.fn}`)
      return null
    }
    return {
      severity: gravest === 'too-little' ? 'warning' : 'error',
      call: null,
      op: damage.op < 0 ? null : damage.op,
      proof: [...damage.stores, seq],
      start: ranges.start,
      end: ranges.end,
      message:
        `${frame.fn} returned while TLBs ${MEANING[gravest]}, at ${ranges} ` +
        `(${many(damage.stores.size, 'store')}): it flushes for those that it calls`,
    }
  }

  #open(): Frame | undefined {
    const { frames } = this.#scope.fold.lane
    return frames.findLast(({ kind, fn }) => kind === 'span' && flushesForOthers(fn))
  }
}

export const flushMissing: Rule = {
  name: 'flush-missing',
  hazard: 'H4',
  sentence:
    'When a call that promises it returns, no TLB holds a translation of its range that the tables contradict.',
  needs: ['calls', 'stores', 'flushes'],
  remedies: REMEDIES,
  start(scope) {
    return {
      on: {
        op_end(e) {
          const { call } = scope.fold
          if (call === null || !promisesFlush(call.fn)) return
          report(scope, call, e.seq, owedBy(scope.fold, call), flushedRanges(call))
        },
      },
      end() {
        for (const call of scope.fold.unreturned) {
          if (promisesFlush(call.fn)) scope.lacks(unreturned(call))
        }
      },
    }
  },
}

/** Everything that is still harmful, by the function that left it so. */
function leftBehind({ fold }: Scope, known: SeqSet): Map<string, Damage> {
  const { rows } = fold.observers.versions
  const byFn = new Map<string, Damage>()
  for (let row = 0; row < rows.high; row++) {
    if (!rows.isLive(row) || known.has(rows.seq(row))) continue
    const fn = fold.observers.nameOf(rows.fn(row))
    const op = rows.op(row)
    if (op >= 0 && fold.live.has(op)) continue
    const name = op < 0 ? 'code outside any call' : (fn ?? 'a call')
    const damage = byFn.get(name) ?? new Damage()
    collect(fold, damage, rows.base(row), rows.end(row), (other) => other !== row)
    if (damage.gravest !== undefined) byFn.set(name, damage)
  }
  return byFn
}

export const flushNever: Rule = {
  name: 'flush-never',
  hazard: 'H4',
  sentence: 'A flush that was left for later is done before the run ends.',
  needs: ['stores', 'flushes'],
  remedies: REMEDIES,
  start(scope) {
    /** Stores whose harm is the finding of a call that should have ended it. */
    const known = new SeqSet()
    const within = new InFlushers(scope)
    return {
      on: {
        desc_write: (e) => within.stored(e.seq),
        span_end(e) {
          const found = within.returned(e.fn, e.seq)
          if (found === null) return
          known.addAll(found.proof)
          scope.report(found)
        },
        op_end(e) {
          const { call } = scope.fold
          if (call === null) return
          const forOthers = flushesForOthers(call.fn)
          if (!forOthers && !promisesFlush(call.fn)) return
          const damage = owedBy(scope.fold, call)
          if (damage.gravest !== undefined && isEndUnseen(scope, damage.all))
            scope.lacks(UNSEEN_END)
          known.addAll(damage.stores)
          if (forOthers) report(scope, call, e.seq, damage, flushedRanges(call))
        },
      },
      end() {
        const { run } = scope.fold
        if (run.state !== 'complete') {
          scope.lacks('the end of the run, which was interrupted')
          return
        }
        for (const [fn, damage] of leftBehind(scope, known)) {
          const { gravest, all: ranges, stores, op } = damage
          if (gravest === undefined) continue
          if (isEndUnseen(scope, ranges)) {
            scope.lacks(UNSEEN_END)
            continue
          }
          // A capture ends wherever its reader stopped it.
          const isCut = run.source === 'ftrace'
          scope.report({
            severity: isCut || gravest === 'too-little' ? 'warning' : 'error',
            op: op < 0 ? null : op,
            call: null,
            proof: stores.sample(MAX_PROOF),
            start: ranges.start,
            end: ranges.end,
            message:
              `${many(stores.size, 'store')} of ${fn}, not flushed before the run ended: at ${ranges} ` +
              `TLBs ${MEANING[gravest]}`,
          })
        }
      },
    }
  },
}
