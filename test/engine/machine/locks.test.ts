import { describe, expect, test } from 'vitest'

import { KernelStop, Lock, createMachine, lock, unlock } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

describe('a lock', () => {
  test('is had by one writer or many readers', () => {
    const mmap = new Lock('mmap')
    expect([mmap.canTake('read'), mmap.canTake('write'), mmap.isHeld('read')]).toEqual([
      true,
      true,
      false,
    ])
    mmap.take(0, 'read')
    mmap.take(1, 'read')
    expect([mmap.canTake('read'), mmap.canTake('write')]).toEqual([true, false])
    expect([mmap.isHeld('read'), mmap.isHeld('write'), mmap.isHeldBy(1)]).toEqual([
      true,
      false,
      true,
    ])
    mmap.give(0)
    expect([mmap.isHeldBy(0), mmap.isHeldBy(1)]).toEqual([false, true])
    mmap.give(1)
    mmap.take(0, 'write')
    expect([mmap.canTake('read'), mmap.isHeld('write'), mmap.isHeld('read')]).toEqual([
      false,
      true,
      true,
    ])
  })
})

const build = () => {
  const { hooks, lines } = hookLog()
  const machine = createMachine({
    flavour: '7.3',
    geometry: { page_shift: 12, va_bits: 48 },
    hooks,
  })
  return { cpu: machine.cpu(0), lines }
}

describe('taking one in a plain run', () => {
  test('is reported with its mode; a second time it can never be had', () => {
    const { cpu, lines } = build()
    const { pgtableSplit } = cpu.system.locks
    lock(cpu, pgtableSplit, 'mutex')
    expect(() => lock(cpu, pgtableSplit, 'mutex')).toThrow(KernelStop)
    unlock(cpu, pgtableSplit, 'mutex')
    expect(lines.slice(1)).toEqual([
      'lock "pgtable_split_lock","mutex"',
      'bug "pgtable_split_lock"',
      'unlock "pgtable_split_lock","mutex"',
    ])
  })

  test('one that may sleep, under a spinlock, is reported', () => {
    const { cpu, lines } = build()
    const { pageTable, mmap } = cpu.system.locks
    lock(cpu, pageTable, 'spin')
    lock(cpu, mmap, 'read')
    unlock(cpu, mmap, 'read')
    unlock(cpu, pageTable, 'spin')
    lock(cpu, mmap, 'read')
    expect(lines.filter((line) => line.startsWith('sleep'))).toEqual([
      'sleepInAtomic "init_mm.mmap_lock","task"',
    ])
  })
})
