import { createGeometry } from '@pagetrail/engine'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DebtRows } from '../../../../packages/recorder/src/check/fold/debt.ts'
import { FlushLedger } from '../../../../packages/recorder/src/check/fold/ledger.ts'
import { PageSizes } from '../../../../packages/recorder/src/check/fold/page.ts'
import { Write } from '../../../../packages/recorder/src/check/fold/write.ts'

const sizes = new PageSizes({ pageShift: 12, vaBits: 48, levels: 4 })

/** A page made invalid. */
function unmapped(page: number): Write {
  const write = new Write(createGeometry({ page_shift: 12, va_bits: 48 }))
  return Object.assign(write, {
    level: 'pte',
    page,
    pages: 1,
    oldLo: 0x703,
    oldHi: 5,
    newLo: 0x702,
    newHi: 5,
  })
}

test('what is open is what was changed and not flushed since, whatever the order', () => {
  const step = fc.oneof(
    fc.record({ change: fc.nat({ max: 60 }), op: fc.nat({ max: 3 }) }),
    fc.record({ from: fc.nat({ max: 60 }), pages: fc.integer({ min: 1, max: 80 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ledger = new FlushLedger(sizes)
      const model = new Map<number, { seq: number; op: number }>()
      /** Whether something was owed in a range, and how many debts its flush paid. */
      const said: [boolean, number][] = []
      const right: [boolean, number][] = []
      for (const [seq, s] of steps.entries()) {
        if ('change' in s) {
          ledger.write(unmapped(s.change), seq, s.op, 0, 'f')
          if (!model.has(s.change)) model.set(s.change, { seq, op: s.op })
        } else {
          const paid = [...model.keys()].filter((page) => page >= s.from && page < s.from + s.pages)
          said.push([
            ledger.owes(s.from, s.from + s.pages),
            ledger.flush(s.from, s.from + s.pages, true),
          ])
          right.push([paid.length > 0, paid.length])
          for (const page of paid) model.delete(page)
        }
      }
      expect(said).toEqual(right)
      const open = ledger.debts().map(({ page, seq, op }) => [page, seq, op])
      expect(open).toEqual(
        [...model].map(([page, { seq, op }]) => [page, seq, op]).toSorted((a, b) => a[1]! - b[1]!),
      )
      for (let op = 0; op < 4; op++) {
        const own = [...model].filter(([, debt]) => debt.op === op).map(([page]) => page)
        expect(
          ledger
            .unpaidOf(op)
            .map(({ page }) => page)
            .toSorted((a, b) => a - b),
        ).toEqual(own.toSorted((a, b) => a - b))
      }
    }),
    { numRuns: 60 },
  )
})

const debt = (page: number) =>
  ({
    level: 'pte',
    page,
    pages: 1,
    kind: 'unmap',
    seq: page,
    op: null,
    cpu: 1,
    fn: null,
    staleLo: 1,
    staleHi: 2,
    revalidated: -1,
  }) as const

test('rows are reused, and grow when all are taken', () => {
  const rows = new DebtRows()
  const taken = Array.from({ length: 1000 }, (_, i) => rows.add(debt(i)))
  expect(new Set(taken).size).toBe(1000)
  expect(rows.get(taken[999]!)).toEqual(debt(999))
  rows.remove(taken[7]!)
  expect(rows.isOpen(taken[7]!)).toBe(false)
  expect(rows.add(debt(5000))).toBe(taken[7])
  expect(rows.count).toBe(1000)
})
