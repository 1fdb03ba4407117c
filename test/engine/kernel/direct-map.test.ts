import { describe, expect, test } from 'vitest'

import {
  FLAVOURS,
  KernelStop,
  canSetDirectMap,
  createMachine,
  kernelMapPages,
  kernelPagePresent,
  linearAddress,
  setDirectMapDefaultNoflush,
  setDirectMapInvalidNoflush,
  setDirectMapValidNoflush,
  setMemoryValid,
} from '@pagetrail/engine'
import type { Cpu, Features } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const PA = 0x580000000
const LINEAR = 0xffff000180000000n
const NAMES = FLAVOURS.map((f) => f.name)

function linearMap(flavour: string, level: 'pte' | 'pmd', features: Partial<Features> = {}) {
  const { hooks, lines } = hookLog()
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour, geometry, features, hooks })
  const desc = level === 'pte' ? 0x68000580000703n : 0x68000580000701n
  machine.map({ va: LINEAR, level, desc, count: 1, paStep: 0n })
  return { cpu: machine.cpu(0), lines, machine }
}

test.each([
  [{ rodata_full: true }, true],
  [{ rodata_full: false }, false],
  [{ rodata_full: false, debug_pagealloc: true }, true],
  [{ rodata_full: false, kfence_direct_map: true }, true],
])('can_set_direct_map() with %j', (features, expected) => {
  expect(canSetDirectMap(linearMap('7.3', 'pte', features).cpu)).toBe(expected)
})

describe.each(NAMES)('%s', (name) => {
  test('a page goes and comes back, without any flush', () => {
    const { cpu, lines, machine } = linearMap(name, 'pte')
    const before = [...machine.leaves()]
    expect(kernelPagePresent(cpu, PA)).toBe(true)
    expect(setDirectMapInvalidNoflush(cpu, PA)).toBe(0)
    expect(kernelPagePresent(cpu, PA)).toBe(false)
    expect(setDirectMapDefaultNoflush(cpu, PA)).toBe(0)
    expect([...machine.leaves()]).toEqual(before)
    expect(lines.some((line) => line.startsWith('tlb'))).toBe(false)
  })

  test('nothing happens where the map cannot be changed', () => {
    const { cpu, lines } = linearMap(name, 'pte', { rodata_full: false })
    expect(setDirectMapInvalidNoflush(cpu, PA)).toBe(0)
    expect(setDirectMapDefaultNoflush(cpu, PA)).toBe(0)
    expect(setDirectMapValidNoflush(cpu, PA, 1, false)).toBe(0)
    kernelMapPages(cpu, PA, 1, false)
    expect(lines.slice(1)).toEqual([])
  })

  test('the calls that are set_memory_valid() inside do flush', () => {
    const calls: ((cpu: Cpu) => unknown)[] = [
      (cpu) => setDirectMapValidNoflush(cpu, PA, 1, false),
      (cpu) => kernelMapPages(cpu, PA, 1, false),
    ]
    for (const call of calls) {
      const { cpu, lines } = linearMap(name, 'pte')
      call(cpu)
      expect(lines.filter((line) => line.startsWith('tlbi'))).toHaveLength(1)
    }
  })
})

const whole = (cpu: Cpu) => setMemoryValid(cpu, linearAddress(cpu, PA), 512, false)

describe('kernel_page_present() of a block made invalid', () => {
  test.each(['seed-v1', '6.18'])('%s follows it as a table', (name) => {
    const { cpu, lines } = linearMap(name, 'pmd')
    expect(whole(cpu)).toBe(0)
    expect(() => kernelPagePresent(cpu, PA)).toThrow(KernelStop)
    expect(lines.at(-1)).toBe(`wildDeref "__va",${PA % 2 ** 32},${Math.floor(PA / 2 ** 32)}`)
  })

  test('7.3 knows it, and can make it valid again', () => {
    const { cpu, machine } = linearMap('7.3', 'pmd')
    const before = [...machine.leaves()]
    expect(whole(cpu)).toBe(0)
    expect(kernelPagePresent(cpu, PA)).toBe(false)
    expect(setMemoryValid(cpu, linearAddress(cpu, PA), 512, true)).toBe(0)
    expect([...machine.leaves()]).toEqual(before)
  })

  test('6.18 says it did and did not', () => {
    const { cpu, machine } = linearMap('6.18', 'pmd')
    whole(cpu)
    const dead = [...machine.leaves()]
    expect(setMemoryValid(cpu, linearAddress(cpu, PA), 512, true)).toBe(0)
    expect([...machine.leaves()]).toEqual(dead)
  })
})
