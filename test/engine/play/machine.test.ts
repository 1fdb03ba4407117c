import { describe, expect, test } from 'vitest'

import { InputError, createMachine } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const GEOMETRY = { page_shift: 12, va_bits: 48 }

test('a machine names its choices', () => {
  const machine = createMachine({ flavour: '6.18', geometry: GEOMETRY, cpus: 3 })
  expect([machine.flavour.kernel, machine.geometry.name, machine.cpus.length]).toEqual([
    '6.18.15',
    '4k-48',
    3,
  ])
  expect(() => machine.cpu(3)).toThrow(InputError)
  expect(() => createMachine({ flavour: '6.19', geometry: GEOMETRY })).toThrow(
    '"6.19" is not known',
  )
})

describe('calls', () => {
  test('a call that does not return ends its CPU, not the others', () => {
    const { hooks, lines } = hookLog()
    const machine = createMachine({ flavour: '6.18', geometry: GEOMETRY, cpus: 2, hooks })
    // A block whose VALID was cleared: this version follows it as a table.
    machine.map({ va: 0xffff000100000000n, level: 'pmd', desc: 0x500000700n, count: 1, paStep: 0n })
    const call = { fn: 'kernel_page_present', pfn: '0x500000' }
    expect([machine.call(call), machine.stopped]).toEqual([null, true])
    expect(lines.at(-1)).toContain('wildDeref')
    const after = lines.length
    expect(machine.call({ fn: 'can_set_direct_map' })).toBeNull()
    expect(lines).toHaveLength(after)
    expect(machine.call({ fn: 'can_set_direct_map' }, machine.cpu(1))).toBe(1)
  })

  test('hooks are told which CPU they hear of', () => {
    const { hooks, lines } = hookLog()
    const machine = createMachine({ flavour: '6.18', geometry: GEOMETRY, cpus: 2, hooks })
    for (const id of [0, 1, 1, 0]) machine.call({ fn: 'can_set_direct_map' }, machine.cpu(id))
    expect(lines.filter((line) => !line.startsWith('op'))).toEqual(['cpu 0', 'cpu 1', 'cpu 0'])
  })
})

describe('the start state and the tables as they stand', () => {
  const PAGE = 0x68000500000703n

  test('runs go on while the step is the size of the entry or nothing', () => {
    const machine = createMachine({ flavour: '7.3', geometry: GEOMETRY })
    const map = (va: bigint, desc: bigint, count: number, paStep: bigint): void =>
      machine.map({ va, level: 'pte', desc, count, paStep })
    map(0xffff800080000000n, PAGE, 3, 0x1000n)
    map(0xffff800080003000n, PAGE, 2, 0n)
    map(0xffff800080007000n, PAGE, 1, 0x1000n)
    map(0xffff800080008000n, 0x68000500000702n, 600, 0x1000n)
    const invalid = { level: 'pte', invalid: true }
    expect([...machine.leaves()]).toMatchObject([
      { va: 0xffff800080000000n, count: 3, paStep: 0x1000n, invalid: false },
      { va: 0xffff800080003000n, count: 2, paStep: 0n },
      { va: 0xffff800080007000n, count: 1, paStep: 0n },
      { va: 0xffff800080008000n, count: 600, paStep: 0x1000n, ...invalid },
    ])
  })

  test('descriptors are added with all 64 bits', () => {
    const machine = createMachine({ flavour: '7.3', geometry: GEOMETRY })
    const desc = 0x6800_ffff_ffff_f703n
    machine.map({ va: 0xffff800080000000n, level: 'pte', desc, count: 2, paStep: 0x1000n })
    expect([...machine.leaves()]).toMatchObject([{ desc, count: 2, paStep: 0x1000n }])
    const { words } = machine.system.memory
    expect(words.includes(0x6801_0000)).toBe(true)
  })

  test.each([
    ['pgd', { page_shift: 12, va_bits: 48 }, 'p4d'],
    ['p4d', { page_shift: 12, va_bits: 39 }, 'pud'],
    ['pgd', { page_shift: 14, va_bits: 36 }, 'pmd'],
    ['pgd', { page_shift: 12, va_bits: 52 }, 'pgd'],
  ] as const)('a %s entry of %j is called %s', (level, geometry, called) => {
    const machine = createMachine({ flavour: '7.3', geometry })
    machine.map({ va: 0xffffffff00000000n, level, desc: 0x700n, count: 1, paStep: 0n })
    expect([...machine.leaves()]).toMatchObject([{ level: called, count: 1 }])
  })

  test('tables that do not fit below the pool are refused', () => {
    const constants = { SWAPPER_PG_DIR_PA: 0x1000, TABLE_POOL_PA: 0x3000 }
    const machine = createMachine({ flavour: '7.3', geometry: GEOMETRY, constants })
    const run = { va: 0xffff800080000000n, level: 'pte', desc: PAGE, count: 1, paStep: 0n } as const
    expect(() => machine.map(run)).toThrow('more tables than fit below TABLE_POOL_PA')
  })
})
