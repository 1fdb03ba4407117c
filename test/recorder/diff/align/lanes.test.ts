import type { Call } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { laneMode, lanesOf } from '../../../../packages/recorder/src/diff/align/lanes.ts'
import { AREA } from '../../../support/sample-run.ts'

const call = (task: string | null, fn = 'set_memory_ro', pages = 1, cpu = 0): Call => ({
  op: 0,
  fn,
  va: AREA,
  end: AREA + BigInt(pages) * 0x1000n,
  ret: 0,
  task,
  cpu,
  first: 0,
  last: 1,
})

const named = (calls: readonly Call[], mode: 'task' | 'cpu' | 'one', oneLayout = false) =>
  lanesOf(calls, { mode, pageSize: 4096, oneLayout }).map(
    ({ kind, name, calls: of }) => `${kind} ${name}: ${of.join(' ')}`,
  )

test('a task is a lane, kernel threads that do what others left are one, KFENCE another', () => {
  const calls = [
    call('insmod-9'),
    call('kworker/0:1-14'),
    call('insmod-10'),
    call('insmod-9', 'set_memory_valid'),
    call('ksoftirqd/1-22'),
    call('<idle>-0', 'set_memory_valid'),
    call('insmod-9', 'set_memory_valid', 2),
  ]
  expect(named(calls, 'task')).toEqual([
    'sequential insmod-9: 0 6',
    'pooled kernel workers: 1 4',
    'sequential insmod-10: 2',
    'timer KFENCE: 3 5',
  ])
})

test('a clock drives nothing where runs have one layout', () => {
  expect(named([call('a-1', 'set_memory_valid')], 'task', true)).toEqual(['pooled KFENCE: 0'])
})

test('pages of 16K are one page too', () => {
  const [four, one] = [4, 1].map((pages) =>
    lanesOf([call('a-1', 'set_memory_valid', pages)], {
      mode: 'task',
      pageSize: 16_384,
      oneLayout: false,
    }).map(({ kind }) => kind),
  )
  expect([four, one]).toEqual([['timer'], ['sequential']])
})

test('CPUs, or everything', () => {
  const calls = [call('a-1'), call('a-1', 'set_memory_ro', 1, 1), call('b-2')]
  expect(named(calls, 'cpu')).toEqual(['sequential CPU 0: 0 2', 'sequential CPU 1: 1'])
  expect(named(calls, 'one')).toEqual(['sequential all calls: 0 1 2'])
})

test('tasks where both runs name them, else CPUs where both have several', () => {
  const tasks = [call('a-1'), call('b-1')]
  const cpus = [call(null), call(null, 'set_memory_ro', 1, 1)]
  expect(laneMode('auto', tasks, tasks)).toBe('task')
  expect(laneMode('auto', tasks, cpus)).toBe('one')
  expect(laneMode('auto', cpus, cpus)).toBe('cpu')
  expect(laneMode('auto', cpus, [call(null)])).toBe('one')
  expect(laneMode('one', tasks, tasks)).toBe('one')
})
