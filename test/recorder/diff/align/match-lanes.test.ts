import { expect, test } from 'vitest'

import type { CallLane } from '../../../../packages/recorder/src/diff/align/lanes.ts'
import { matchLanes } from '../../../../packages/recorder/src/diff/align/match-lanes.ts'

/** `insmod-7:aab` is a task that made calls of kind a, a and b. */
function side(text: string): { lanes: CallLane[]; keys: Int32Array } {
  const keys: number[] = []
  const lanes = text.split(' ').map((task): CallLane => {
    const [name = '', calls = ''] = task.split(':')
    const first = keys.length
    for (const key of calls) keys.push(key.charCodeAt(0))
    return {
      kind: 'sequential',
      name,
      common: name.replace(/-\d+$/, ''),
      calls: [...calls].map((_, i) => first + i),
    }
  })
  return { lanes, keys: Int32Array.from(keys) }
}

const keysOf = (size: Int32Array) => ({ size, digest: size })

function matched(left: string, right: string): string {
  const [a, b] = [side(left), side(right)]
  return matchLanes(a.lanes, b.lanes, keysOf(a.keys), keysOf(b.keys))
    .map((match) => `${match.left?.name ?? ''}=${match.right?.name ?? ''}`)
    .toSorted()
    .join(' ')
}

test('by name, whatever the pid', () => {
  expect(matched('insmod-7:ab rmmod-8:c', 'rmmod-3:c insmod-2:ab')).toBe(
    'insmod-7=insmod-2 rmmod-8=rmmod-3',
  )
})

test('among tasks of one name by what they do', () => {
  expect(matched('s-1:aaaa s-2:aab', 's-8:aab s-9:aaaa')).toBe('s-1=s-9 s-2=s-8')
  expect(matched('s-1:aaaa s-2:bbb', 's-8:bbbb s-9:aaaab')).toBe('s-1=s-9 s-2=s-8')
})

test('those that do the same, in order', () => {
  expect(matched('s-1:a s-2:a s-3:b', 's-7:a s-8:a s-9:b')).toBe('s-1=s-7 s-2=s-8 s-3=s-9')
  expect(matched('s-1:a s-2:b s-3:a', 's-7:b s-8:a')).toBe('s-1= s-2=s-7 s-3=s-8')
})

test('of one name and nothing in common: the first with the first', () => {
  expect(matched('s-1:a', 's-7:b')).toBe('s-1=s-7')
})

test('another name, if half of what they do is the same', () => {
  expect(matched('python-1:aabb', 'bpfload-7:aab')).toBe('python-1=bpfload-7')
  expect(matched('python-1:abcd', 'bpfload-7:aeee')).toBe('=bpfload-7 python-1=')
})

const pool = (lane: CallLane): CallLane => ({
  ...lane,
  kind: 'pooled',
  name: 'pool',
  common: 'pool',
})

test('tasks whose names were not kept are workers, if nothing else', () => {
  const [a, b] = [side('pool:ab <...>-14:ab s-1:cc'), side('pool:abab <...>-7:cc')]
  const lanes = (of: typeof a) => of.lanes.map((lane) => (lane.name === 'pool' ? pool(lane) : lane))
  const found = matchLanes(lanes(a), lanes(b), keysOf(a.keys), keysOf(b.keys))
  expect(found.map(({ left, right }) => [left?.name, right?.name])).toEqual([
    ['s-1', '<...>-7'],
    ['pool', 'pool'],
  ])
  expect(found[1]!.left?.calls).toEqual([0, 1, 2, 3])
})
