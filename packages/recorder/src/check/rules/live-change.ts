import { many } from '../../event/quantity.ts'
import { frameOf, liveChanges, unsafeAttributes } from '../../observers/descriptor-words.ts'
import { LEVEL_NAMES } from '@pagetrail/engine'
import { leadsToTable } from '../../descriptor/bits.ts'
import { RowList } from '../../tables/row-list.ts'
import { isHarm, isHeld } from '../../observers/translation.ts'
import { NO_ROW } from '../../observers/rows/version-columns.ts'
import type { Fold } from '../fold/fold.ts'
import type { Rule, Scope } from '../rule.ts'
import { type Entry, CallTally } from '../fold/call-tally.ts'

/** What BBML2 without aborts, or BBML3, allows to change live. */
const ALLOWED_WITH_BBML: ReadonlySet<string> = new Set(['size', 'contiguous bit'])

function hasBbml({ fold }: Scope): boolean | null {
  const bbml = fold.feature('bbml')
  if (bbml === null) return null
  // Before capabilities are final, the boot CPU's own count.
  return bbml !== 0 || (fold.feature('caps_finalized') === 0 && fold.feature('cpu_bbml') === 1)
}

const reportChange = (scope: Scope, { what, call, cpu, ranges, first, last, count }: Entry) =>
  scope.report({
    severity: 'error',
    call,
    cpu,
    proof: [first, last],
    start: ranges.start,
    end: ranges.end,
    message: `${many(count, 'valid entry', 'valid entries')} in ${ranges} got another ${what} with no invalid entry and TLBI in between`,
  })

const NOTHING: readonly string[] = []

/** What the store at hand makes another than an older version that may still be held beside it. */
function changesOf({ fold }: Scope, found: RowList): readonly string[] {
  const { write: s } = fold
  const { rows } = fold.observers.versions
  const isLive = isHeld(s.level, s.oldLo)
  const own = isLive
    ? liveChanges(fold.geometry, s.level, s.oldLo, s.oldHi, s.newLo, s.newHi)
    : NOTHING
  // As a rule there is no version but the one that this store leaves.
  const older = rows.firstIn(s.page, s.end, (row) => rows.seq(row) !== s.seq)
  if (own.length === 0 && older === NO_ROW) return NOTHING
  const changes = new Set(own)
  // Contiguous or not is a size, too.
  const sizes = own.filter((change) => ALLOWED_WITH_BBML.has(change))
  if (sizes.length > 0 && changesPermissions(fold))
    for (const size of sizes) changes.add(`${size} with permissions`)
  for (const row of rows.inRange(s.page, s.end, found)) {
    if (rows.seq(row) === s.seq) continue
    const now = beside(fold, row, s.newLo, s.newHi)
    if (now.length === 0) continue
    // What was so beside the value before is not this store's doing.
    const before = isLive ? beside(fold, row, s.oldLo, s.oldHi) : NOTHING
    for (const change of now) if (!before.includes(change)) changes.add(change)
  }
  return [...changes]
}

/** What an older version differs in from a value of the store's entry, as break-before-make asks. */
function beside(fold: Fold, row: number, lo: number, hi: number): readonly string[] {
  const { write: s } = fold
  const { rows } = fold.observers.versions
  const isSame = LEVEL_NAMES[rows.level(row)] === s.level || rows.from(row) === s.page
  if (isSame) return liveChanges(fold.geometry, s.level, rows.lo(row), rows.hi(row), lo, hi)
  if (rows.isTable(row) || leadsToTable(s.level, lo)) return ['size']
  // A span's member elsewhere, or a block around the page: compared where the page lies in it.
  const offset = s.page - rows.from(row)
  const frame = frameOf(fold.geometry, rows.lo(row), rows.hi(row)) + offset
  const moved = frame !== frameOf(fold.geometry, lo, hi)
  const attributes = liveChanges(fold.geometry, 'pte', rows.lo(row), rows.hi(row), lo, hi).filter(
    (change) => change !== 'output address',
  )
  return [...(moved ? ['output address'] : []), 'size', ...attributes]
}

/** The size changes in the same step as what is allowed. */
function changesPermissions(fold: Fold): boolean {
  const { write: s, observers } = fold
  const { rows } = observers.versions
  const row = rows.firstIn(
    s.page,
    s.end,
    (each) => rows.seq(each) === s.seq && isHarm(observers.harms.gravest(each, s.page, s.end)),
  )
  return row !== NO_ROW
}

export const breakBeforeMake: Rule = {
  name: 'break-before-make',
  hazard: 'H3',
  sentence:
    'A live entry changes size, contiguity, address, memory type or to global only through invalid and a TLBI.',
  needs: ['stores'],
  remedies: [
    'Never split without BBML2 (no conflict abort) or BBML3; keep such systems page-mapped.',
    'Break, flush, make: what user contpte folding and Realm memory do.',
    'Boot repaints under stop_machine() with the other CPUs off these tables.',
  ],
  start(scope) {
    const broken = new CallTally()
    const found = new RowList()
    const judge = (changes: readonly string[]): readonly string[] => {
      if (changes.length === 0) return changes
      const needed = changes.filter((change) => !ALLOWED_WITH_BBML.has(change))
      if (needed.length > 0) return needed
      const bbml = hasBbml(scope)
      if (bbml === null) scope.lacks('whether the CPUs have BBML2 or BBML3')
      return bbml === false ? changes : []
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, call } = scope.fold
          if (!s.isReached || !isHeld(s.level, s.newLo) || !s.changes) return
          const violated = judge(changesOf(scope, found))
          if (violated.length > 0) {
            broken.add(violated.join(' and '), call, e.cpu, e.seq, s.page, s.end)
          }
        },
        split_end(e) {
          // A stock kernel shows its splits by what the function left, not by the store.
          if (e.val !== undefined) judge(['size'])
        },
        op_end(e) {
          for (const entry of broken.take(e.op)) reportChange(scope, entry)
        },
      },
      gap: () => broken.clear(),
      end() {
        for (const entry of broken.takeAll()) reportChange(scope, entry)
      },
    }
  },
}

export const unsafeChange: Rule = {
  name: 'unsafe-attribute-change',
  hazard: 'H3',
  sentence: "A live entry changes only what the kernel's own pgattr_change_is_safe() allows.",
  needs: ['stores'],
  remedies: [
    'set_memory_*() does not ask that function: it uses the raw setters and flushes afterwards.',
    '7.3 dropped its blanket refusal of contiguous entries.',
  ],
  start(scope) {
    const unsafe = new CallTally()
    return {
      on: {
        desc_write(e) {
          const { write: s, call, kernel } = scope.fold
          if (!s.wasValid || !s.isValid || !s.isAttributeChange) return
          if (
            liveChanges(scope.fold.geometry, s.level, s.oldLo, s.oldHi, s.newLo, s.newHi).length > 0
          )
            return
          const strict = kernel?.refusesContChange ?? false
          const bits = unsafeAttributes(
            scope.fold.geometry,
            s.oldLo,
            s.oldHi,
            s.newLo,
            s.newHi,
            strict,
          )
          if (bits.length === 0) return
          unsafe.add(bits.join(', '), call, e.cpu, e.seq, s.page, s.end)
        },
        op_end(e) {
          for (const { what, ranges, first, last, count } of unsafe.take(e.op)) {
            scope.report({
              severity: 'note',
              proof: [first, last],
              start: ranges.start,
              end: ranges.end,
              message: `pgattr_change_is_safe() would refuse ${many(count, 'live change')} in ${ranges} because of ${what}`,
            })
          }
        },
      },
      gap: () => unsafe.clear(),
    }
  },
}
