import type { Addressing, Call } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { alignCalls } from '../../../../packages/recorder/src/diff/align/align-calls.ts'
import { NO_TRAITS } from '../../../../packages/recorder/src/diff/align/call-traits.ts'
import { roleTable } from '../../../../packages/recorder/src/diff/align/roles.ts'
import { mostPairs } from '../../../support/programs/lane-bound.ts'
import { AREA } from '../../../support/sample-run.ts'

/** `ro2` is set_memory_ro of 2 pages; `ro2!` one that finds its work done. */
function callOf(text: string, op: number, boot: bigint): Call {
  const [, fn = '', pages = ''] = /^(\w+?)(\d+)!?$/.exec(text) ?? []
  const va = AREA + boot + BigInt(100 + op * 20) * 0x1000n
  const end = va + BigInt(pages) * 0x1000n
  return { op, fn, va, end, ret: 0, task: null, cpu: 0, first: op, last: op }
}

const list = (text: string, boot: bigint): Call[] =>
  text === '' ? [] : text.split(' ').map((name, op) => callOf(name, op, boot))

const doneOf = (text: string) => text.split(' ').map((name) => name.endsWith('!'))

/** Pairs as `0-0`, `1~1` where the input differs, `2-` and `-2` for calls alone. */
function pairs(
  left: string,
  right: string,
  inputs: readonly [string[], string[]] = [[], []],
  map = {},
): string {
  const done = [doneOf(left), doneOf(right)] as const
  const a = list(left, 0n)
  const b = list(right, 0x7000_0000n)
  const of = (calls: readonly Call[], side: 0 | 1) => ({
    calls,
    geometry: null,
    traits: calls.map((_, i) => ({
      ...NO_TRAITS,
      input: inputs[side][i] ?? '',
      found: done[side][i] ? ('done' as const) : ('change' as const),
    })),
  })
  const aligned = alignCalls(of(a, 0), of(b, 1), {
    addresses: 'relative',
    roleOf: roleTable(map),
    budget: 1e6,
  })
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
  expect(pairs('ro1 nx2 ro1! ro1', 'ro1 nx2 ro1')).toBe('0-0 1-1 2- 3-2')
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

/** Calls of tasks `a:ro1 b:nx2`, with pids of their own on either side. */
const tasks = (text: string, pid: number): Call[] =>
  text.split(' ').map((word, op) => {
    const [task = '', call = ''] = word.split(':')
    return Object.assign(callOf(call, op, 0n), { task: `${task}-${pid + task.charCodeAt(0)}` })
  })

const listOf = (calls: readonly Call[]) => ({
  calls,
  geometry: null,
  traits: calls.map(() => NO_TRAITS),
})

const aligned = (left: readonly Call[], right: readonly Call[], addresses: Addressing) =>
  alignCalls(listOf(left), listOf(right), { addresses, roleOf: roleTable(), budget: 1e6 })

const said = ({ pairs: all }: ReturnType<typeof aligned>): string =>
  all
    .map((pair) => {
      if (pair.left && pair.right)
        return `${pair.left.op}${pair.reordered ? '⤨' : '-'}${pair.right.op}`
      return `${pair.left?.op ?? ''}|${pair.right?.op ?? ''} ${pair.reason}`
    })
    .join(', ')

test('the order between tasks is not compared with that inside them', () => {
  const found = aligned(
    tasks('a:ro1 a:nx1 b:ro1 b:x3', 100),
    tasks('b:ro1 a:ro1 b:x3 a:nx1', 900),
    'relative',
  )
  expect(said(found)).toBe('0-1, 1-3, 2-0, 3-2')
  expect(found).toMatchObject({ mode: 'task', moved: 2, minimal: true })
})

test('the order inside a task is', () => {
  expect(said(aligned(tasks('a:ro1 a:nx2', 1), tasks('a:nx2 a:ro1', 5), 'relative'))).toMatch(/⤨/)
})

test('work of any worker is paired by kind', () => {
  const left = tasks('kworker/0:ro1 kworker/1:nx1 kworker/1:ro1', 0).map(worker)
  const right = tasks('kworker/0:nx1 kworker/0:ro1 kworker/0:ro1', 7).map(worker)
  const found = aligned(left, right, 'relative')
  expect(said(found)).toBe('0-1, 1-0, 2-2')
  expect(found.lanes).toMatchObject([{ kind: 'pooled', leftCalls: 3, rightCalls: 3, paired: 3 }])
})

const worker = (call: Call): Call => ({ ...call, task: `kworker/0:1-${call.op}` })

test('what stands alone says why', () => {
  expect(said(aligned(tasks('a:ro1 b:x1', 1), tasks('a:ro1', 1), 'relative'))).toBe('0-0, 1| lane')
  expect(said(aligned(tasks('a:ro1 a:x1', 1), tasks('a:ro1', 1), 'relative'))).toBe(
    '0-0, 1| function',
  )
  expect(said(aligned(tasks('a:ro1 a:ro1', 1), tasks('a:ro1', 1), 'relative'))).toBe(
    '0-0, 1| number',
  )
  expect(said(aligned(tasks('a:ro1 a:set_memory_valid1', 1), tasks('a:ro1', 1), 'relative'))).toBe(
    '0-0, 1| rate',
  )
})

test('in one layout, ranges that change places are paired as they are', () => {
  const [p, q] = [callOf('ro1', 0, 0n), callOf('ro1', 1, 0n)]
  const exchanged = [
    { ...q, op: 0 },
    { ...p, op: 1 },
  ]
  expect(said(aligned([p, q], exchanged, 'raw')).replaceAll('⤨', '-')).toBe('0-1, 1-0')
  expect(said(aligned([p, q], exchanged, 'raw'))).toMatch(/⤨/)
  // Of two boots nothing says that they did.
  expect(said(aligned([p, q], exchanged, 'relative'))).toBe('0-0, 1-1')
})

test('eighty thousand calls of each side', () => {
  const fns = ['ro1', 'ro2', 'nx1', 'x1', 'set_memory_valid1', 'rw7']
  const many = (seed: number): Call[] => {
    let state = seed
    return Array.from({ length: 80_000 }, (_, op) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const call = callOf(fns[(state >>> 16) % fns.length]!, op, 0n)
      return {
        ...call,
        task: `${['insmod', 'kworker/0:1'][(state >>> 12) % 2]}-${(state >>> 8) % 500}`,
      }
    })
  }
  const found = aligned(many(1), many(2), 'relative')
  expect(found.minimal).toBe(true)
  const both = found.pairs.filter((pair) => pair.left && pair.right)
  expect(both.length + found.pairs.length).toBe(160_000)
  expect(both.filter((pair) => pair.left && pair.right && pair.sameInput).length).toBe(
    mostPairs(found),
  )
})

test('a lane of more calls than a function takes arguments', () => {
  const calls = Array.from({ length: 140_000 }, () => 'ro1').join(' ')
  expect(pairs(calls, calls).endsWith(' 139999-139999')).toBe(true)
})
