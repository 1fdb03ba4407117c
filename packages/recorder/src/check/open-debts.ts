import type { EventSource } from '../event/run.ts'
import type { Debt } from './fold/debt.ts'
import { Fold } from './fold/fold.ts'

/** TLB flushes owed after event `at` is applied (without it, at the end of the run), oldest first. */
export function openDebts(source: EventSource, at?: number): readonly Debt[] {
  const fold = new Fold(source.run)
  for (const e of source.events(0, at)) {
    fold.before(e)
    fold.after(e)
  }
  fold.finish()
  return fold.ledger.debts()
}
