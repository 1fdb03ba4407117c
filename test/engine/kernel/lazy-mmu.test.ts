import { describe, expect, test } from 'vitest'

import {
  createMachine,
  lazyMmuEnter,
  lazyMmuLeave,
  lazyMmuPause,
  lazyMmuResume,
  setContext,
  setPte,
} from '@pagetrail/engine'
import type { Cpu } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const GEOMETRY = { page_shift: 12, va_bits: 48 }
const VALID_KERNEL = { lo: 0x703, hi: 0x680000 }

/** E enter, L leave, P pause, R resume, s a store that needs a barrier, i one that needs none, ( ) an interrupt. */
const STEPS: Readonly<Record<string, (cpu: Cpu, slot: number) => void>> = {
  E: lazyMmuEnter,
  L: lazyMmuLeave,
  P: lazyMmuPause,
  R: lazyMmuResume,
  s: (cpu, slot) => setPte(cpu, slot, VALID_KERNEL.lo, VALID_KERNEL.hi),
  i: (cpu, slot) => setPte(cpu, slot, 0, 0),
  '(': (cpu) => setContext(cpu, 'irq'),
  ')': (cpu) => setContext(cpu, 'task'),
}

/** After which steps barriers were executed: their indices in the sequence. */
function barriersAfter(flavour: string, sequence: string): number[] {
  const { hooks, lines } = hookLog()
  const machine = createMachine({ flavour, geometry: GEOMETRY, hooks })
  machine.map({ va: 0xffff800080000000n, level: 'pte', desc: 0n, count: 1, paStep: 0n })
  const cpu = machine.cpu(0)
  const slot = machine.system.memory.firstSlot(machine.system.memory.tables - 1)
  return [...sequence].flatMap((step, at) => {
    lines.length = 0
    STEPS[step]?.(cpu, slot)
    return lines.filter((line) => line.startsWith('barrier ')).map(() => at)
  })
}

describe('where barriers are executed', () => {
  test.each<[string, number[], number[], number[]]>([
    ['sss', [0, 1, 2], [0, 1, 2], [0, 1, 2]],
    ['EsssL', [1, 2, 3], [4], [4]],
    ['EsEsLssL', [1, 3, 5, 6], [4, 5, 6], [4, 7]],
    ['Es(s)sL', [1, 3, 5], [3, 6], [3, 6]],
    ['EL', [], [], []],
    ['EiL', [], [], []],
    // Entering twice, leaving twice: the second leave has nothing to do.
    ['EEsLL', [2], [3], [3]],
    // A leave too many is harmless.
    ['EsLL', [1], [2], [2]],
  ])('%s', (sequence, none, flag, counted) => {
    expect(barriersAfter('6.12', sequence)).toEqual(none)
    for (const flavour of ['6.17', 'seed-v1', '6.18']) {
      expect(barriersAfter(flavour, sequence)).toEqual(flag)
    }
    expect(barriersAfter('7.3', sequence)).toEqual(counted)
  })

  test('paused, 7.3: at the pause, after each store, and at the end', () => {
    expect(barriersAfter('7.3', 'EsPssRsL')).toEqual([2, 3, 4, 7])
    expect(barriersAfter('7.3', 'EPEsLRsL')).toEqual([3, 7])
  })
})

const reported = (flavour: string, sequence: string): string[] => {
  const { hooks, lines } = hookLog()
  const cpu = createMachine({ flavour, geometry: GEOMETRY, hooks }).cpu(0)
  for (const step of sequence) STEPS[step]?.(cpu, 0)
  return lines.filter((line) => line.startsWith('lazy'))
}

describe('what is reported', () => {
  test('6.12 has no lazy mode and no events of it', () => {
    expect(reported('6.12', 'EL')).toEqual([])
  })

  test('depth afterwards, what was ignored, and by which call', () => {
    expect(reported('7.3', 'EEPEL')).toEqual([
      'lazyMmuEnter 1,false,null',
      'lazyMmuEnter 2,false,null',
      'lazyMmuLeave 2,false,"pause"',
      'lazyMmuEnter 2,true,null',
      'lazyMmuLeave 2,true,null',
    ])
    expect(reported('6.18', '(EL)')).toEqual([
      'lazyMmuEnter 0,true,null',
      'lazyMmuLeave 0,true,null',
    ])
  })

  test('counts of 7.3 wrap like the u8 they are', () => {
    const last = reported('7.3', 'E'.repeat(256)).at(-1)
    expect(last).toBe('lazyMmuEnter 0,false,null')
  })
})
