import { describe, expect, test } from 'vitest'

import {
  P4D,
  PGD,
  PMD,
  PUD,
  createMachine,
  lazyMmuEnter,
  setP4d,
  setPgd,
  setPmd,
  setPud,
} from '@pagetrail/engine'
import type { GeometryChoice } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const SETTERS = { pgd: setPgd, p4d: setP4d, pud: setPud, pmd: setPmd } as const
const LEVELS = { pgd: PGD, p4d: P4D, pud: PUD, pmd: PMD } as const
const K39 = { page_shift: 12, va_bits: 39 }
const K48 = { page_shift: 12, va_bits: 48 }
const K42 = { page_shift: 16, va_bits: 42 }
const K52 = { page_shift: 12, va_bits: 52 }
const VALID = 0x403

/** Kinds of events of one store: `write<level>`, `barrier`, `queue`, `fixmap`. */
function eventsOf(
  geometry: GeometryChoice,
  setter: keyof typeof SETTERS,
  where: 'top' | 'below',
  lo: number,
  { lazy = false, rodata_is_rw = false, flavour = '7.3' } = {},
): string {
  const { hooks, lines } = hookLog()
  const features = { rodata_is_rw }
  const machine = createMachine({ flavour, geometry, features, hooks })
  const cpu = machine.cpu(0)
  const level = LEVELS[setter]
  const slot = where === 'top' ? 0 : cpu.memory.firstSlot(cpu.memory.addPoolTable(level, 0))
  if (lazy) lazyMmuEnter(cpu)
  lines.length = 0
  SETTERS[setter](cpu, slot, lo, 0)
  const fixmap = cpu.memory.slotVa(cpu.memory.fixPgdSlot) >>> 0
  const short = lines.flatMap((line) => {
    const [kind = '', args = ''] = line.split(' ')
    if (kind !== 'descWrite') return kind.startsWith('barrier') ? [kind] : []
    const [at, va] = args.split(',').map(Number)
    return [va === fixmap ? 'fixmap' : `write${at}`]
  })
  return short.join(' ')
}

describe('below the top', () => {
  test('a barrier follows at PMD and PUD if the new value is valid, at P4D always', () => {
    expect(eventsOf(K48, 'pmd', 'below', VALID)).toBe('write3 barrier')
    expect(eventsOf(K48, 'pmd', 'below', 0)).toBe('write3')
    expect(eventsOf(K48, 'pud', 'below', VALID)).toBe('write2 barrier')
    expect(eventsOf(K48, 'pud', 'below', 0)).toBe('write2')
    expect(eventsOf(K52, 'p4d', 'below', VALID)).toBe('write1 barrier')
    expect(eventsOf(K52, 'p4d', 'below', 0)).toBe('write1 barrier')
  })

  test('and is queued in lazy mode, where there is one', () => {
    expect(eventsOf(K48, 'pmd', 'below', VALID, { lazy: true })).toBe('write3 barrierQueue')
    expect(eventsOf(K48, 'pmd', 'below', VALID, { lazy: true, flavour: '6.12' })).toBe(
      'write3 barrier',
    )
  })
})

describe('at the top', () => {
  test.each([
    [K52, 'pgd', 0],
    [K48, 'pgd', 1],
    [K48, 'p4d', 1],
    [K39, 'pgd', 2],
    [K39, 'pud', 2],
    [K42, 'pgd', 3],
    [K42, 'pmd', 3],
    [{ ...K52, va_bits_actual: 48 }, 'p4d', 1],
    [{ page_shift: 14, va_bits: 52, va_bits_actual: 47 }, 'pud', 2],
  ] as const)('%j: set_%s() goes through the fixmap, as level %i', (geometry, setter, level) => {
    expect(eventsOf(geometry, setter, 'top', VALID)).toBe(`fixmap barrier write${level} fixmap`)
    const early = { rodata_is_rw: true, lazy: true }
    expect(eventsOf(geometry, setter, 'top', VALID, early)).toBe(`write${level} barrier`)
  })

  test('lazy mode defers only the barrier of the fixmap PTE', () => {
    expect(eventsOf(K39, 'pud', 'top', VALID, { lazy: true })).toBe(
      'fixmap barrierQueue write2 fixmap',
    )
  })
})
