import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BriefMap } from '../../../packages/recorder/src/tables/brief-map.ts'

const step = fc.oneof(
  fc.record({ what: fc.constant('set' as const), key: fc.nat(3), value: fc.nat(9) }),
  fc.record({ what: fc.constant('delete' as const), key: fc.nat(3) }),
  fc.record({ what: fc.constant('clear' as const) }),
)

type Maps = Pick<Map<number, number>, 'delete' | 'clear'> & {
  set(key: number, value: number): void
}

/** What the step returns, where it returns something. */
function apply(map: Maps, s: typeof step extends fc.Arbitrary<infer S> ? S : never): boolean {
  if (s.what === 'delete') return map.delete(s.key)
  if (s.what === 'set') map.set(s.key, s.value)
  else map.clear()
  return true
}

test('a BriefMap holds what a Map holds, in the same order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const brief = new BriefMap<number, number>()
      const map = new Map<number, number>()
      for (const s of steps) {
        expect(apply(brief, s)).toBe(apply(map, s))
        expect([...brief]).toEqual([...map])
        expect([...brief.values()]).toEqual([...map.values()])
        expect(brief.size).toBe(map.size)
        for (let key = 0; key <= 3; key++) {
          expect(brief.get(key)).toBe(map.get(key))
          expect(brief.has(key)).toBe(map.has(key))
        }
      }
    }),
  )
})
