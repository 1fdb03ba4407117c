import { many } from '../../event/quantity.ts'
import { changeOf } from '../../observers/masks.ts'
import { hexRange } from '../../observers/page-numbers.ts'
import { enables, flushesForOthers, promisesFlush } from '../../observers/promises.ts'
import type { Harm } from '../../observers/translation.ts'
import type { OpenCall } from '../fold/lane.ts'
import { collect, Damage, MEANING, owedBy } from '../fold/damage.ts'
import { type Rule, type Scope, unreturned } from '../rule.ts'
import type { Severity } from '../finding.ts'

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

function report(scope: Scope, call: OpenCall, seq: number, damage: Damage, why: string): void {
  const { gravest } = damage
  if (gravest === undefined) return
  const ranges = damage.all
  const stores = [...damage.stores]
  scope.report({
    severity: severityOf(call, gravest),
    call,
    proof: [...stores.slice(0, 8), ...call.flushes.map((flush) => flush.seq), seq],
    start: ranges.start,
    end: ranges.end,
    message:
      `${call.fn} returned while TLBs ${MEANING[gravest]}, at ${ranges} ` +
      `(${many(stores.length, 'store')}): ${why}`,
  })
}

export const flushMissing: Rule = {
  name: 'flush-missing',
  hazard: 'H4',
  sentence:
    'When a call that promises it returns, no TLB holds a translation of its range that the tables contradict.',
  needs: ['stores', 'flushes'],
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
function leftBehind({ fold }: Scope, known: ReadonlySet<number>): Map<string, Damage> {
  const { rows } = fold.observers.versions
  const byFn = new Map<string, Damage>()
  for (let row = 0; row < rows.high; row++) {
    if (!rows.isLive(row) || known.has(rows.seq[row]!)) continue
    const fn = fold.observers.nameOf(rows.fn[row]!)
    const op = rows.op[row]!
    if (op >= 0 && fold.live.has(op)) continue
    const name = op < 0 ? 'code outside any call' : (fn ?? 'a call')
    const damage = byFn.get(name) ?? new Damage()
    const { base } = rows
    collect(fold, damage, base[row]!, rows.end(row), (other) => other !== row)
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
    const known = new Set<number>()
    return {
      on: {
        op_end(e) {
          const { call } = scope.fold
          if (call === null) return
          const forOthers = flushesForOthers(call.fn)
          if (!forOthers && !promisesFlush(call.fn)) return
          const damage = owedBy(scope.fold, call)
          for (const seq of damage.stores) known.add(seq)
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
          // A capture ends wherever its reader stopped it.
          const isCut = run.source === 'ftrace'
          scope.report({
            severity: isCut || gravest === 'too-little' ? 'warning' : 'error',
            op: op < 0 ? null : op,
            call: null,
            proof: stores,
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
