import { counted } from '../fold/page.ts'
import { liveChanges, unsafeAttributes } from '../fold/descriptor.ts'
import type { Rule, Scope } from '../rule.ts'
import { type Entry, Tally } from '../fold/tally.ts'

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
    message: `${counted(count, 'valid entry', 'valid entries')} in ${ranges} got another ${what} with no invalid entry and TLBI in between`,
  })

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
    const broken = new Tally()
    const judge = (changes: readonly string[]): readonly string[] => {
      const needed = changes.filter((change) => !ALLOWED_WITH_BBML.has(change))
      if (needed.length > 0) return needed
      const bbml = hasBbml(scope)
      if (changes.length > 0 && bbml === null) scope.lacks('whether the CPUs have BBML2 or BBML3')
      return bbml === false ? changes : []
    }
    return {
      on: {
        desc_write(e) {
          const { write: s, call, ledger } = scope.fold
          if (!s.isValid || !s.changes) return
          let changes: readonly string[] = []
          if (s.wasValid)
            changes = liveChanges(scope.fold.geometry, s.level, s.oldLo, s.oldHi, s.newLo, s.newHi)
          else {
            // Made again while what it was before may still be in a TLB: the break was not finished.
            const debt = ledger.at(s.level, s.page)
            if (debt !== undefined) {
              changes = liveChanges(
                scope.fold.geometry,
                s.level,
                debt.staleLo,
                debt.staleHi,
                s.newLo,
                s.newHi,
              )
            }
          }
          if (changes.length === 0) return
          const violated = judge(changes)
          if (violated.length === 0) return
          broken.add(violated.join(' and '), call, e.cpu, e.seq, s.page, s.end)
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
    const unsafe = new Tally()
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
              message: `pgattr_change_is_safe() would refuse ${counted(count, 'live change')} in ${ranges} because of ${what}`,
            })
          }
        },
      },
      gap: () => unsafe.clear(),
    }
  },
}
