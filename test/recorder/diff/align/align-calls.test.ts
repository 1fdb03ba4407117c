import type { Call } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { alignCalls } from '../../../../packages/recorder/src/diff/align/align-calls.ts'
import { roleTable } from '../../../../packages/recorder/src/diff/align/roles.ts'
import { AREA } from '../../../support/sample-run.ts'

/** `ro2` is set_memory_ro of 2 pages; `ro2@5` on the range that begins at page 5, else each has a range of its own. */
function callOf(text: string, op: number, boot: bigint): Call {
  const [, fn = '', pages = '', page] = /^(\w+?)(\d+)(?:@(\d+))?$/.exec(text) ?? []
  const va = AREA + boot + BigInt(page ?? 100 + op * 20) * 0x1000n
  const end = va + BigInt(pages) * 0x1000n
  return { op, fn, va, end, ret: 0, task: null, cpu: 0, first: op, last: op }
}

const list = (text: string, boot: bigint): Call[] =>
  text === '' ? [] : text.split(' ').map((name, op) => callOf(name, op, boot))

/** Pairs as `0-0`, `1~1` where the input differs, `2-` and `-2` for calls alone. */
function pairs(
  left: string,
  right: string,
  inputs: readonly [string[], string[]] = [[], []],
  map = {},
): string {
  const a = list(left, 0n)
  const b = list(right, 0x7000_0000n)
  const of = (calls: readonly Call[], side: 0 | 1): string[] =>
    calls.map((_, i) => inputs[side][i] ?? '')
  const aligned = alignCalls(
    { calls: a, inputs: of(a, 0) },
    { calls: b, inputs: of(b, 1) },
    roleTable(map),
    1e6,
  )
  return aligned.pairs
    .map(
      (pair) =>
        `${pair.left?.op ?? ''}${pair.left && pair.right && !pair.sameInput ? '~' : '-'}${pair.right?.op ?? ''}`,
    )
    .join(' ')
}

test('in order, by function and size', () => {
  expect(pairs('ro1 nx2 x3', 'ro1 nx2 x3')).toBe('0-0 1-1 2-2')
})

test('a call that only one side has does not shift the others', () => {
  expect(pairs('ro1 nx2 x3', 'ro1 rw9 nx2 x3')).toBe('0-0 -1 1-2 2-3')
  expect(pairs('ro1 rw9 nx2 x3', 'ro1 nx2 x3')).toBe('0-0 1- 2-1 3-2')
})

test('what is left between goes by function alone, and is told so', () => {
  expect(pairs('ro1 nx2 x3', 'ro1 nx7 x3')).toBe('0-0 1~1 2-2')
  expect(pairs('ro1 nx2 x3', 'ro1 rw2 x3')).toBe('0-0 1- -1 2-2')
})

test('a repeated call is not the counterpart of one that is made once', () => {
  expect(pairs('ro1@5 nx2 ro1@5 ro1@8', 'ro1@5 nx2 ro1@8')).toBe('0-0 1-1 2- 3-2')
})

const enable = (list: string): string[] => list.split('').map((digit) => `enable=${digit}`)

test('calls that ask for different things are never paired', () => {
  expect(pairs('valid1 valid1 valid1', 'valid1 valid1', [enable('010'), enable('10')])).toBe(
    '0- 1-0 2-1',
  )
})

test('a role holds for calls too', () => {
  expect(pairs('mine2', 'theirs2')).toBe('0- -0')
  expect(pairs('mine2', 'theirs2', undefined, { mine: 'theirs' })).toBe('0-0')
})

test('nothing to pair', () => {
  expect(pairs('', '')).toBe('')
  expect(pairs('ro1', '')).toBe('0-')
})
