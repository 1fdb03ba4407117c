import type { Debt } from '../fold/debt.ts'
import type { OpenCall } from '../fold/lane.ts'
import { counted, hexRange } from '../fold/page.ts'
import { RangeList } from '../fold/range-list.ts'
import type { Rule, Scope } from '../rule.ts'

/** Calls that change entries, or may, and leave the flush to their caller: the walkers and the splitters themselves. */
const UPDATE_ONLY: ReadonlySet<string> = new Set([
  'apply_to_page_range',
  'apply_to_existing_page_range',
  '__apply_to_page_range',
  'walk_kernel_page_table_range',
  'walk_kernel_page_table_range_lockless',
  'walk_page_range_novma',
  'update_range_prot',
  'split_kernel_leaf_mapping',
  'range_split_to_ptes',
])

/** Whether a call may return with flushes owed. */
const mayFlushLater = (fn: string): boolean => fn.endsWith('_noflush') || UPDATE_ONLY.has(fn)

const HARM: Readonly<Record<Debt['kind'], string>> = {
  unmap: 'still allow access to what was unmapped',
  restrict: 'still grant what was taken away',
  relax: 'still refuse what was granted',
  replace: 'still lead to the page before',
  table: 'still lead through the table before',
}

function rangesOf(debts: readonly Debt[]): RangeList {
  const ranges = new RangeList()
  for (const debt of debts) ranges.add(debt.page, debt.page + debt.pages)
  return ranges
}

/** The gravest of several: what is still allowed weighs more than what is still refused. */
function gravest(debts: readonly Debt[]): Debt['kind'] {
  const kinds = new Set(debts.map((debt) => debt.kind))
  return (
    (['unmap', 'replace', 'table', 'restrict'] as const).find((kind) => kinds.has(kind)) ?? 'relax'
  )
}

const REMEDIES = [
  'Flush the range before returning, also after an error, as __change_memory_common() does.',
  'Entry points named _noflush leave it to their caller, who must flush before the memory is used for anything else.',
]

function reportMissing(scope: Scope, call: OpenCall, debts: readonly Debt[], seq: number): void {
  const ranges = rangesOf(debts)
  const kind = gravest(debts)
  const near = call.flushes.filter((flush) => flush.end > flush.start)
  const flushed = near.map((flush) => hexRange(flush.start, flush.end)).slice(0, 2)
  const missed =
    flushed.length === 0 ? 'nothing was flushed' : `only ${flushed.join(', ')} was flushed`
  scope.report({
    severity: kind === 'relax' ? 'warning' : 'error',
    proof: [...debts.slice(0, 8).map((debt) => debt.seq), ...near.map((flush) => flush.seq), seq],
    start: ranges.start,
    end: ranges.end,
    message:
      `${call.fn} returned with ${counted(debts.length, 'flush', 'flushes')} owed over ${ranges}: ${missed}, ` +
      `and TLBs may ${HARM[kind]}`,
  })
}

export const flushMissing: Rule = {
  name: 'flush-missing',
  hazard: 'H4',
  sentence: 'When a call that promises it returns, no TLB holds what its entries were before.',
  needs: ['stores', 'flushes'],
  remedies: REMEDIES,
  start(scope) {
    return {
      on: {
        op_end(e) {
          const { call, ledger } = scope.fold
          if (call === null || mayFlushLater(call.fn)) return
          const debts = ledger.unpaidOf(call.op)
          if (debts.length > 0) reportMissing(scope, call, debts, e.seq)
        },
      },
    }
  },
}

export const flushNever: Rule = {
  name: 'flush-never',
  hazard: 'H4',
  sentence: 'A flush that was left for later is done before the run ends.',
  needs: ['stores', 'flushes'],
  remedies: REMEDIES,
  start(scope) {
    return {
      on: {},
      end() {
        if (scope.fold.run.state !== 'complete') {
          scope.lacks('the end of the run, which was interrupted')
          return
        }
        const byFn = new Map<string, Debt[]>()
        for (const debt of scope.fold.ledger.debts()) {
          const isDeferred = debt.fn === null || mayFlushLater(debt.fn)
          if (!isDeferred || (debt.op !== null && scope.fold.live.has(debt.op))) continue
          const fn = debt.fn ?? 'code outside any call'
          const list = byFn.get(fn)
          if (list === undefined) byFn.set(fn, [debt])
          else list.push(debt)
        }
        for (const [fn, debts] of byFn) {
          const ranges = rangesOf(debts)
          scope.report({
            severity: 'warning',
            op: debts[0]?.op ?? null,
            call: null,
            proof: debts.map((debt) => debt.seq),
            start: ranges.start,
            end: ranges.end,
            message:
              `${counted(debts.length, 'entry', 'entries')} changed by ${fn}, not flushed before the run ended: ${ranges}; ` +
              `TLBs may ${HARM[gravest(debts)]}`,
          })
        }
      },
    }
  },
}

export const staleRevalidated: Rule = {
  name: 'stale-revalidated',
  hazard: 'H4',
  sentence:
    'An entry is made valid again only after what it was before has been flushed, or unchanged.',
  needs: ['stores', 'flushes'],
  remedies: [
    'Flush between making an entry invalid and making it valid with other contents.',
    'Eliding the flush of an enable-only change is sound only if every invalidation before it was flushed.',
  ],
  start(scope) {
    const revalidated = new Map<number | null, Debt[]>()
    const judge = (op: number | null, seq: number) => {
      const debts = (revalidated.get(op) ?? []).filter((debt) => scope.fold.ledger.isOpen(debt))
      revalidated.delete(op)
      if (debts.length === 0) return
      const ranges = rangesOf(debts)
      const fns = [...new Set(debts.map((debt) => debt.fn ?? 'code outside any call'))]
      scope.report({
        severity: 'error',
        proof: [...debts.slice(0, 6).flatMap((debt) => [debt.seq, debt.revalidated]), seq],
        start: ranges.start,
        end: ranges.end,
        message:
          `${ranges} was made valid again while TLBs may hold the translation from before ${fns.join(', ')}: ` +
          'nothing was flushed in between',
      })
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, ledger } = scope.fold
          if (s.wasValid || !s.isValid) return
          const debt = ledger.at(s.level, s.page)
          if (debt === undefined || debt.revalidated !== e.seq) return
          const list = revalidated.get(e.op)
          if (list === undefined) revalidated.set(e.op, [debt])
          else list.push(debt)
        },
        op_end(e) {
          judge(e.op, e.seq)
        },
      },
      gap: () => revalidated.clear(),
    }
  },
}
