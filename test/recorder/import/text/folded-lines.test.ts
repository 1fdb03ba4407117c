import { expect, test } from 'vitest'

import { LineSplitter } from '../../../../packages/recorder/src/import/bytes/line-splitter.ts'
import {
  foldColumnIn,
  refuseCut,
  unfolded,
  UnfoldedLines,
} from '../../../../packages/recorder/src/import/text/folded-lines.ts'
import { capture, demoCapture, imported } from '../imported.ts'
import { claimsOf } from '../mutants.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The first lines of captures: of each kind of event many. */
const TEXTS = [
  demoCapture('modules_small-6.18.15'),
  capture('modules_small-6.12'),
  capture('modules_small-6.17-lean-kaslr'),
].map((bytes) => decode(bytes).split('\n').slice(0, 400).join('\n'))

/** Folds a line as mail does: at the last blank before the column, or at the first behind it. */
function fold(line: string, column: number): string[] {
  const parts: string[] = []
  let rest = line
  while (rest.length > column) {
    let cut = rest.lastIndexOf(' ', column)
    if (rest.slice(0, Math.max(0, cut)).trim() === '') cut = rest.indexOf(' ', column)
    if (cut < 0) break
    parts.push(rest.slice(0, cut))
    rest = rest.slice(cut + 1)
  }
  return [...parts, rest]
}

const folded = (text: string, column: number, mark = '', blank = ''): string =>
  text
    .split('\n')
    .flatMap((line) => fold(line, column).map((part) => `${mark}${part}${blank}`))
    .join('\n')

/** Without the empty lines that keep the numbers; one blank, or at an end none, where there were several. */
const plain = (text: string): string =>
  text.replaceAll(/ +/g, ' ').replaceAll(/ $/gm, '').replaceAll(/\n+/g, '\n')

test.each([66, 72, 76, 80, 98])('lines that mail folded at column %i are put together', (at) => {
  for (const text of TEXTS) {
    for (const [mark, blank] of [
      ['', ''],
      ['', ' '],
      ['> > ', ''],
      ['', '\r'],
    ]) {
      const bytes = encode(folded(text, at, mark, blank))
      const column = foldColumnIn(bytes)
      expect(column).toBeLessThanOrEqual(at + 1)
      const whole = decode(unfolded(bytes, column!)).replaceAll(/^(?:> )+| $|\r/gm, '')
      expect(plain(whole)).toBe(plain(text))
    }
  }
})

test('lines keep their numbers: what was put before one is an empty one', () => {
  const lines: string[] = []
  const line = (bytes: Uint8Array, start: number, end: number): void => {
    lines.push(decode(bytes.subarray(start, end)))
  }
  const unfolding = new UnfoldedLines({ line }, 20)
  new LineSplitter(unfolding).push(encode('a 1.000000: isb: (x)\ny=0x1 z=0x2\nb 1.000001: c: d\n'))
  expect(lines).toEqual(['a 1.000000: isb: (x) y=0x1 z=0x2', ''])
  expect(unfolding.folded).toBe(1)
  expect(decode(unfolding.end(encode('rest of it')))).toBe('b 1.000001: c: d rest of it')
})

test('what is missing of a folded line is not taken from another', () => {
  const [text = ''] = TEXTS
  const lines = folded(text, 72).split('\n')
  const column = foldColumnIn(encode(lines.join('\n')))!
  const known = claimsOf(imported(text).events)
  for (let i = 60; i < 84; i++) {
    const without = lines.filter((_, at) => at !== i).join('\n')
    const { events } = imported(unfolded(encode(without), column))
    expect([...claimsOf(events)].filter((claim) => !known.has(claim))).toEqual([])
  }
})

test('near misses: captures as they are, a marker with line feeds, a stack', () => {
  for (const text of TEXTS) expect(foldColumnIn(encode(text))).toBeNull()
  const event = 'insmod-1 [000] d..1. 1.000000: tracing_mark_write: one\ntwo and more\nthree\n'
  expect(foldColumnIn(encode(event.repeat(5)))).toBeNull()
  const stack = 'insmod-1 [000] d..1. 1.000000: <stack trace>\n => set_memory_ro\n => load_module\n'
  expect(foldColumnIn(encode(stack.repeat(5)))).toBeNull()
})

test.each([80, 100, 120, 160, 200])('lines that were cut at column %i are refused', (at) => {
  for (const text of TEXTS) {
    const cut = text.split('\n').map((line) => line.slice(0, at))
    const refused = `its lines are cut at column ${at}, as a pager or a terminal does`
    expect(() => refuseCut(encode(cut.join('\n')))).toThrow(refused)
  }
})

test('near misses: whole lines of one length, one torn line', () => {
  const event = 'insmod-1 [000] d..1. 1.000000: isb__abc: (x+0x1/0x2) a=0x1\n'
  expect(() => refuseCut(encode(event.repeat(20)))).not.toThrow()
  for (const text of TEXTS) {
    expect(() => refuseCut(encode(text))).not.toThrow()
    const torn = text.split('\n').map((line, i) => (i === 30 ? line.slice(0, 90) : line))
    expect(() => refuseCut(encode(torn.join('\n')))).not.toThrow()
  }
})
