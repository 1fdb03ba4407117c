import { promisesFlush } from '../../observers/promises.ts'
import { RangeList } from '../../observers/range-list.ts'
import { RowList } from '../../tables/row-list.ts'
import { type Harm, isHarm } from '../../observers/translation.ts'
import type { Fold } from './fold.ts'
import type { OpenCall } from './lane.ts'
import { SeqSet } from './seq-set.ts'

export const MEANING: Readonly<Record<Harm, string>> = {
  'wrong-place': 'may still lead where the tables do not lead any more',
  'too-much': 'may still allow what the tables forbid',
  'too-little': 'may still refuse what the tables allow',
}
const ORDER = ['wrong-place', 'too-much', 'too-little'] as const

/** What old versions may still do, of one call's pages or of one function's. */
export class Damage {
  readonly ranges: Readonly<Record<Harm, RangeList>> = {
    'wrong-place': new RangeList(),
    'too-much': new RangeList(),
    'too-little': new RangeList(),
  }
  readonly stores = new SeqSet()
  /** Call of the first of them, -1. */
  op = -1

  add(row: { seq: number; op: number }, start: number, end: number, harm: Harm): void {
    if (this.stores.size === 0) ({ op: this.op } = row)
    this.stores.add(row.seq)
    this.ranges[harm].add(start, end)
  }

  get gravest(): Harm | undefined {
    return ORDER.find((harm) => !this.ranges[harm].isEmpty)
  }

  get all(): RangeList {
    const { gravest } = this
    return this.ranges[gravest ?? 'too-little']
  }
}

const found = new RowList()

/** Collects what rows of [start, end) do. `skips` leaves a row out. */
export function collect(
  fold: Fold,
  damage: Damage,
  start: number,
  end: number,
  skips: (row: number) => boolean,
): void {
  const { versions, harms } = fold.observers
  const { rows } = versions
  if (rows.count === 0 || end <= start) return
  rows.inRange(start, end, found)
  found.sortBy((row) => rows.base(row))
  found.each((row) => {
    if (skips(row)) return
    const version = { seq: rows.seq(row), op: rows.op(row) }
    harms.each(row, start, end, (from, to, relation) => {
      if (isHarm(relation)) damage.add(version, from, to, relation)
    })
  })
  found.clear()
}

/** The pages that a call answers for: its range, and those of its walks (the linear aliases). */
export function* pagesOf(call: OpenCall): Iterable<readonly [number, number]> {
  if (call.end > call.start) yield [call.start, call.end]
  for (const [start, end] of call.walks.each()) {
    if (start < call.start || end > call.end) yield [start, end]
  }
}

/** The page was last changed by a call that is still open and answers for it itself. */
function isOthers(fold: Fold, call: OpenCall, row: number): boolean {
  const { rows } = fold.observers.versions
  const op = rows.op(row)
  if (op < 0 || op === call.op) return false
  const other = fold.live.get(op)
  if (other === undefined || !promisesFlush(other.fn)) return false
  for (const [start, end] of pagesOf(other)) {
    if (rows.base(row) < end && start < rows.end(row)) return true
  }
  return false
}

/** What was owed by the call asked about last: several rules ask at its return. */
const asked = new WeakMap<Fold, { readonly call: OpenCall; readonly damage: Damage }>()

/** What a call leaves behind in the pages that it answers for, seen at its return. */
export function owedBy(fold: Fold, call: OpenCall): Damage {
  if (fold.observers.versions.rows.count === 0) return new Damage()
  const before = asked.get(fold)
  if (before?.call === call) return before.damage
  const damage = damageOf(fold, call)
  asked.set(fold, { call, damage })
  return damage
}

function damageOf(fold: Fold, call: OpenCall): Damage {
  const damage = new Damage()
  for (const [start, end] of pagesOf(call)) {
    collect(fold, damage, start, end, (row) => isOthers(fold, call, row))
  }
  return damage
}
