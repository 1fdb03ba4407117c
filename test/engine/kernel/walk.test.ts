import { describe, expect, test } from 'vitest'

import {
  ACTION_AGAIN,
  ACTION_CONTINUE,
  EINVAL,
  KernelStop,
  LEVEL_NAMES,
  WALK_RETRIES,
  createMachine,
  fromVa,
  loadHi,
  loadLo,
  populate,
  PMD,
  PTE,
  allocTable,
  setPte,
  toVa,
  walkKernelPageTableRangeLockless,
  walkOps,
} from '@pagetrail/engine'
import type { EntryFn, GeometryChoice, Machine, WalkMembers } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const K48 = { page_shift: 12, va_bits: 48 }
const BASE = 0xffff800080000000n
const PAGE = 0x68000500000703n
const BLOCK = 0x68000600000701n

const machineOf = (geometry: GeometryChoice, flavour = '7.3'): Machine =>
  createMachine({ flavour, geometry })

const pages = (machine: Machine, va: bigint, count: number): void =>
  machine.map({ va, level: 'pte', desc: PAGE, count, paStep: BigInt(machine.geometry.pageSize) })

/** Every member, each noting `level:offset+size` in pages from the start, or `hole<depth>:…`. */
function noting(start: bigint, pageSize: number, note: string[]): WalkMembers<null> {
  const at = (addr: number, next: number): string =>
    `${Number(fromVa(addr) - start) / pageSize}+${(next - addr) / pageSize}`
  const entry =
    (level: number): EntryFn<null> =>
    (_slot, addr, next) => {
      note.push(`${LEVEL_NAMES[level]}:${at(addr, next)}`)
      return 0
    }
  return {
    pgdEntry: entry(0),
    p4dEntry: entry(1),
    pudEntry: entry(2),
    pmdEntry: entry(3),
    pteEntry: entry(4),
    pteHole: (addr, next, depth) => {
      note.push(`hole${depth}:${at(addr, next)}`)
      return 0
    },
  }
}

/** What a walk of [start, start + count pages) calls. */
function walkNotes(machine: Machine, start: bigint, count: number): string {
  const note: string[] = []
  const { pageSize } = machine.geometry
  const ops = walkOps('note', noting(start, pageSize, note))
  const first = toVa(start)
  const end = first + count * pageSize
  expect(walkKernelPageTableRangeLockless(machine.cpu(0), first, end, ops, null)).toBe(0)
  return note.join(' ')
}

describe('the order of callbacks', () => {
  test('parents before children, ascending, once per slot overlapped', () => {
    const machine = machineOf(K48)
    const start = BASE + 0x200000n - 0x2000n
    pages(machine, start, 3)
    expect(walkNotes(machine, start, 3)).toBe(
      'pgd:0+3 p4d:0+3 pud:0+3 pmd:0+2 pte:0+1 pte:1+1 pmd:2+1 pte:2+1',
    )
  })

  test('folded names are called with the range of the level above', () => {
    const three = machineOf({ page_shift: 12, va_bits: 39 })
    const start = 0xffffffc080000000n
    pages(three, start, 1)
    expect(walkNotes(three, start, 1)).toBe('pgd:0+1 p4d:0+1 pud:0+1 pmd:0+1 pte:0+1')
    const two = machineOf({ page_shift: 14, va_bits: 36 })
    pages(two, 0xfffffff880000000n, 1)
    expect(walkNotes(two, 0xfffffff880000000n, 1)).toBe('pgd:0+1 p4d:0+1 pud:0+1 pmd:0+1 pte:0+1')
  })

  test('five levels, and the same kernel with its P4D folded at run time', () => {
    const five = machineOf({ page_shift: 12, va_bits: 52 })
    const folded = machineOf({ page_shift: 12, va_bits: 52, va_bits_actual: 48 })
    // Two pages round a 512G boundary: the P4D loop steps, folded or not.
    const start = BASE + 0x8000000000n - 0x80000000n - 0x1000n
    for (const machine of [five, folded]) {
      pages(machine, start, 2)
      expect(walkNotes(machine, start, 2)).toBe(
        'pgd:0+2 p4d:0+1 pud:0+1 pmd:0+1 pte:0+1 p4d:1+1 pud:1+1 pmd:1+1 pte:1+1',
      )
    }
  })

  test('16K with four levels, and with its PUD folded at run time', () => {
    for (const actual of [52, 47]) {
      const machine = machineOf({ page_shift: 14, va_bits: 52, va_bits_actual: actual })
      const start = 0xffffc01000000000n - 0x4000n
      pages(machine, start, 2)
      expect(walkNotes(machine, start, 2)).toBe(
        'pgd:0+2 p4d:0+2 pud:0+1 pmd:0+1 pte:0+1 pud:1+1 pmd:1+1 pte:1+1',
      )
    }
  })

  test('an unaligned start visits as many entries as there are pages, rounded up', () => {
    const machine = machineOf(K48)
    pages(machine, BASE, 4)
    expect(walkNotes(machine, BASE + 0x800n, 2)).toBe(
      'pgd:0+2 p4d:0+2 pud:0+2 pmd:0+2 pte:0+1 pte:1+1',
    )
  })

  test('a range up to 2^64 ends at 0, which is not above its start: refused, as in the kernel', () => {
    const cpu = machineOf(K48).cpu(0)
    const ops = walkOps<null>('t', {})
    expect(walkKernelPageTableRangeLockless(cpu, -0x1000, 0, ops, null)).toBe(EINVAL)
  })
})

const stop: EntryFn<null> = (_slot, _addr, _next, w) => {
  w.action = ACTION_CONTINUE
  return 0
}

describe('holes and blocks', () => {
  const G1 = 0x40000000 / 4096

  test('one hole for each empty slot at the level where it is', () => {
    const machine = machineOf(K48)
    pages(machine, BASE, 1)
    expect(walkNotes(machine, BASE + 0x200000n, 512)).toBe(
      'pgd:0+512 p4d:0+512 pud:0+512 hole3:0+512',
    )
    expect(walkNotes(machine, BASE + 0x40000000n, G1)).toBe(`pgd:0+${G1} p4d:0+${G1} hole2:0+${G1}`)
    expect(walkNotes(machine, 0xffff900000000000n, G1)).toBe(`pgd:0+${G1} hole0:0+${G1}`)
  })

  test('with three levels an empty top slot is depth 0, after its folded callbacks', () => {
    const machine = machineOf({ page_shift: 12, va_bits: 39 })
    expect(walkNotes(machine, 0xffffffc080000000n, 1)).toBe('pgd:0+1 p4d:0+1 hole0:0+1')
  })

  test.each([
    [{ page_shift: 12, va_bits: 52 }, 'hole0:0+1'],
    // Folded at run time it is reported by its compile-time depth.
    [{ page_shift: 12, va_bits: 52, va_bits_actual: 48 }, 'pgd:0+1 hole1:0+1'],
    [{ page_shift: 14, va_bits: 52 }, 'pgd:0+1 hole0:0+1'],
    [{ page_shift: 14, va_bits: 52, va_bits_actual: 47 }, 'pgd:0+1 p4d:0+1 hole2:0+1'],
    [{ page_shift: 14, va_bits: 36 }, 'pgd:0+1 p4d:0+1 pud:0+1 hole0:0+1'],
  ])('an empty top table: %j', (geometry, expected) => {
    expect(walkNotes(machineOf(geometry), 0xffffffff00000000n, 1)).toBe(expected)
  })

  test('a block is offered to its callback and then passed over in silence', () => {
    const machine = machineOf(K48)
    machine.map({ va: BASE, level: 'pmd', desc: BLOCK, count: 1, paStep: 0n })
    expect(walkNotes(machine, BASE + 0x1000n, 2)).toBe('pgd:0+2 p4d:0+2 pud:0+2 pmd:0+2')
  })

  test('empty PTEs of an existing table are entries', () => {
    const machine = machineOf(K48)
    pages(machine, BASE, 1)
    expect(walkNotes(machine, BASE + 0x1000n, 1)).toBe('pgd:0+1 p4d:0+1 pud:0+1 pmd:0+1 pte:0+1')
  })
})

const mapped = (): Machine => {
  const machine = machineOf(K48)
  pages(machine, BASE, 3)
  return machine
}

const walk = (machine: Machine, members: WalkMembers<null>, count = 3): number => {
  const start = toVa(BASE)
  const end = start + count * 4096
  return walkKernelPageTableRangeLockless(machine.cpu(0), start, end, walkOps('t', members), null)
}

const below = (level: 'pgdEntry' | 'p4dEntry' | 'pudEntry' | 'pmdEntry'): number => {
  let count = 0
  expect(walk(mapped(), { [level]: stop, pteEntry: () => (count++, 0) })).toBe(0)
  return count
}

const pmdEntry: EntryFn<null> = (slot, addr, _next, { cpu }) => {
  const table = allocTable(cpu, PTE, addr)
  setPte(cpu, cpu.memory.firstSlot(table), 0x783, 0x600000)
  populate(cpu, PMD, slot, cpu.memory.tablePa(table), true)
  return 0
}

describe('results and actions', () => {
  test('any result but 0 ends the walk and is its result', () => {
    const seen: number[] = []
    const pteEntry: EntryFn<null> = (_slot, addr) => {
      seen.push(addr)
      return seen.length === 2 ? 7 : 0
    }
    expect(walk(mapped(), { pteEntry })).toBe(7)
    expect(seen).toEqual([toVa(BASE), toVa(BASE) + 4096])
  })

  test('CONTINUE passes over what is below, at PMD and PUD but not above', () => {
    expect(
      ['pgdEntry', 'p4dEntry', 'pudEntry', 'pmdEntry'].map((l) => below(l as 'pmdEntry')),
    ).toEqual([3, 3, 0, 0])
  })

  test('AGAIN offers the slot anew, and sees what changed', () => {
    let tries = 0
    const pmdEntry: EntryFn<null> = (_slot, _addr, _next, w) => {
      if (++tries < 3) w.action = ACTION_AGAIN
      return 0
    }
    expect(walk(mapped(), { pmdEntry })).toBe(0)
    expect(tries).toBe(3)
  })

  test('AGAIN set by a PTE callback repeats its PMD slot', () => {
    const seen: string[] = []
    const pmdEntry: EntryFn<null> = () => (seen.push('pmd'), 0)
    const pteEntry: EntryFn<null> = (_slot, _addr, _next, w) => {
      seen.push('pte')
      if (seen.length === 2) w.action = ACTION_AGAIN
      return 0
    }
    expect(walk(mapped(), { pmdEntry, pteEntry }, 1)).toBe(0)
    expect(seen).toEqual(['pmd', 'pte', 'pmd', 'pte'])
  })

  test.each(['pudEntry', 'pmdEntry'] as const)('a %s that asks for ever is a livelock', (level) => {
    const { hooks, lines } = hookLog()
    const machine = createMachine({ flavour: '7.3', geometry: K48, hooks })
    pages(machine, BASE, 1)
    let calls = 0
    const entry: EntryFn<null> = (_slot, _addr, _next, w) => {
      calls++
      w.action = ACTION_AGAIN
      return 0
    }
    expect(() => walk(machine, { [level]: entry }, 1)).toThrow(KernelStop)
    expect(calls).toBe(WALK_RETRIES)
    expect(lines.at(-1)).toMatch(/^livelock \d,"t_p[um]d_entry",2147483648,4294934528,8$/)
  })

  test('the slot is read again after the callback: a table put in place of a block is entered', () => {
    const machine = machineOf(K48)
    machine.map({ va: BASE, level: 'pmd', desc: BLOCK, count: 1, paStep: 0n })
    const seen: bigint[] = []
    const pteEntry: EntryFn<null> = (slot, _addr, _next, { cpu }) => {
      const lo = loadLo(cpu, slot)
      seen.push((BigInt(loadHi(cpu, slot)) << 32n) | BigInt(lo))
      return 0
    }
    expect(walk(machine, { pmdEntry, pteEntry }, 2)).toBe(0)
    expect(seen).toEqual([0x60000000000783n, 0n])
  })
})
