import { InputError } from '@pagetrail/engine'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { capture, demoCapture, type Imported, imported, ofKind } from './imported.ts'

const TEXTS = [
  demoCapture('modules_small-6.18.15'),
  capture('modules_small-6.12'),
  capture('boot-overrun-7.3'),
].map((bytes) => new TextDecoder().decode(bytes).split('\n'))

/** Some lines of a capture, with a piece of it replaced. */
const damaged = fc
  .record({
    lines: fc.constantFrom(...TEXTS),
    start: fc.nat(150),
    at: fc.nat(3000),
    removed: fc.nat(12),
    put: fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '0x',
        '-',
        '=',
        '(',
        ')',
        ':',
        '\n',
        '[000]',
        '0xffffffffffffffffff',
        'CPU:0 [LOST 5 EVENTS]\n',
        '_ret',
      ),
    ),
  })
  .map(({ lines, start, at, removed, put }) => {
    const text = `${lines.slice(start, start + 20).join('\n')}\n`
    return text.slice(0, at % text.length) + put + text.slice((at % text.length) + removed)
  })

function attempt(text: string): Imported | InputError {
  try {
    return imported(text, 12, { strict: true })
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
}

/** Stores of the text, read in another way than the importer does. */
const storesOf = (text: string): [bigint, bigint][] =>
  [...text.matchAll(/: \w+_store: \([^)]*\)(?: \S*)*? before=(\S+)(?: \S*)*? after=(\S+)/g)].map(
    ([, before, after]) => [
      BigInt.asUintN(64, BigInt(before!)),
      BigInt.asUintN(64, BigInt(after!)),
    ],
  )

test('a damaged text is refused with a reason, or imported as events that are whole', () => {
  const refused: string[] = []
  fc.assert(
    fc.property(damaged, (text) => {
      const outcome = attempt(text)
      if (outcome instanceof InputError) {
        refused.push(outcome.message)
        return
      }
      const { events, text: reader } = outcome
      expect(events.every((event) => event.nest >= 0 && (event.ts ?? 0) >= 0)).toBe(true)
      expect(reader.entries).toBeLessThanOrEqual(text.split('\n').length)
    }),
    { numRuns: 400, seed: 20_251_122 },
  )
  expect(refused.every((message) => /expected|read the trace again/.test(message))).toBe(true)
  expect(refused.length).toBeGreaterThan(50)
  expect(refused.length).toBeLessThan(350)
})

test('stores of a damaged text have the values of the text', () => {
  let compared = 0
  fc.assert(
    fc.property(damaged, (text) => {
      const outcome = attempt(text)
      if (outcome instanceof InputError || /\0/.test(text) || outcome.translation.inferred) return
      const stores = storesOf(text)
      const found = ofKind(outcome.events, 'desc_write').map((e): [bigint, bigint] => [
        e.old ?? 0n,
        e.new ?? 0n,
      ])
      if (stores.length !== found.length) return
      expect(found).toEqual(stores)
      compared += found.length
    }),
    { numRuns: 400, seed: 20_251_122 },
  )
  expect(compared).toBeGreaterThan(100)
})
