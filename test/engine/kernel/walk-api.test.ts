import { describe, expect, test } from 'vitest'

import {
  EINVAL,
  InputError,
  createMachine,
  lock,
  setMemoryValid,
  setPmd,
  toVa,
  walkKernelPageTableRange,
  walkKernelPageTableRangeLockless,
  walkOps,
  walkPageRangeDebug,
} from '@pagetrail/engine'
import type { Machine } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const GEOMETRY = { page_shift: 12, va_bits: 48 }
const START = toVa(0xffff800080000000n)
const NOTHING = walkOps<null>('none', {})
const INSTALLS = walkOps<null>('install', { installPte: () => 0 })

type Walk = typeof walkKernelPageTableRange

/** What it returns, and the warnings on the way; `held` takes init_mm.mmap_lock first. */
function run(
  flavour: string,
  walk: Walk,
  ops = NOTHING,
  end = START + 4096,
  held?: 'read' | 'write',
) {
  const { hooks, lines } = hookLog()
  const machine = createMachine({ flavour, geometry: GEOMETRY, hooks })
  const cpu = machine.cpu(0)
  if (held !== undefined) lock(cpu, machine.system.locks.mmap, held)
  const ret = walk(cpu, START, end, ops, null)
  return { ret, warnings: lines.filter((line) => line.startsWith('warn')).length }
}

const held = (f: string) => run(f, walkKernelPageTableRange, INSTALLS, START + 4096, 'read').ret

describe('walk_kernel_page_table_range()', () => {
  test.each(['6.12', '6.17', 'seed-v1', '6.18', '7.3'])(
    '%s wants the lock, and goes on without',
    (f) => {
      expect(run(f, walkKernelPageTableRange)).toEqual({ ret: 0, warnings: 1 })
      for (const mode of ['read', 'write'] as const) {
        const held = run(f, walkKernelPageTableRange, NOTHING, START + 4096, mode)
        expect(held).toEqual({ ret: 0, warnings: 0 })
      }
    },
  )

  test('an empty range: only from 6.18 on the lock is looked at first', () => {
    const warnings = ['6.12', '6.17', 'seed-v1', '6.18', '7.3'].map((f) => {
      const outcome = run(f, walkKernelPageTableRange, NOTHING, START)
      expect(outcome.ret).toBe(EINVAL)
      return outcome.warnings
    })
    expect(warnings).toEqual([0, 0, 0, 1, 1])
  })

  test('ops that install are refused from 6.17 on', () => {
    expect(['6.12', '6.17', 'seed-v1', '6.18', '7.3'].map(held)).toEqual([
      0,
      EINVAL,
      EINVAL,
      EINVAL,
      EINVAL,
    ])
  })
})

describe('walk_kernel_page_table_range_lockless()', () => {
  test.each(['seed-v1', '6.18', '7.3'])('%s wants no lock', (f) => {
    expect(run(f, walkKernelPageTableRangeLockless)).toEqual({ ret: 0, warnings: 0 })
    expect(run(f, walkKernelPageTableRangeLockless, NOTHING, START).ret).toBe(EINVAL)
    expect(run(f, walkKernelPageTableRangeLockless, INSTALLS).ret).toBe(EINVAL)
  })

  test.each(['6.12', '6.17'])('%s does not have it', (f) => {
    expect(() => run(f, walkKernelPageTableRangeLockless)).toThrow(InputError)
  })
})

const warnings = (held?: 'read' | 'write') =>
  ['6.12', '6.17', '6.18', '7.3'].map(
    (f) => run(f, walkPageRangeDebug, NOTHING, START + 4096, held).warnings,
  )

describe('walk_page_range_debug() of init_mm', () => {
  test('wants the lock for write, twice, in 6.12 and 7.3, and in any mode in between', () => {
    expect(warnings()).toEqual([2, 1, 1, 2])
    expect(warnings('read')).toEqual([2, 0, 0, 2])
    expect(warnings('write')).toEqual([0, 0, 0, 0])
  })
})

const isInvalid = (machine: Machine, page: number): boolean => {
  const { memory } = machine.system
  const slot = memory.firstSlot(memory.tables - 2) + 2 * page
  return ((memory.words[slot] as number) & 1) === 0
}

describe('unwatched walks that come to the table of the last one', () => {
  const BASE = 0xffff800080000000n
  const va = toVa(BASE)
  const build = () => {
    const geometry = { page_shift: 12, va_bits: 48 }
    const machine = createMachine({ flavour: '7.3', geometry, features: { rodata_full: false } })
    machine.map({ va: BASE, level: 'pte', desc: 0xe8000500000703n, count: 1024, paStep: 0x1000n })
    return machine
  }
  test('change what they are to change, across the end of the table as well', () => {
    const machine = build()
    const cpu = machine.cpu(0)
    for (const page of [3, 4, 511, 512, 5]) setMemoryValid(cpu, va + page * 4096, 1, false)
    setMemoryValid(cpu, va + 510 * 4096, 4, false)
    const invalid = Array.from({ length: 1024 }, (_, page) => page).filter((page) =>
      isInvalid(machine, page),
    )
    expect(invalid).toEqual([3, 4, 5, 510, 511, 512, 513])
  })

  test('find the way anew once an entry above has changed', () => {
    const machine = build()
    const cpu = machine.cpu(0)
    setMemoryValid(cpu, va + 3 * 4096, 1, false)
    const { memory } = machine.system
    const table = memory.tables - 2
    const above = Array.from({ length: 512 }, (_, i) => memory.firstSlot(table - 1) + 2 * i)
    const pmd = above.find((slot) => memory.slotVa(slot) === va) as number
    setPmd(cpu, pmd, 0, 0)
    setMemoryValid(cpu, va + 4 * 4096, 1, false)
    expect([isInvalid(machine, 3), isInvalid(machine, 4)]).toEqual([true, false])
  })
})
