import {
  access,
  type Cpu,
  createMachine,
  dmb,
  dsb,
  isb,
  pteOffset,
  tlbFill,
  tlbi,
} from '@pagetrail/engine'
import { pmdOffset, pudOffset, p4dOffset, pgdOffset, toVa } from '@pagetrail/engine'
import { expect, test } from 'vitest'

import { hookLog } from '../../support/hook-log.ts'

const VA = 0xffff_0000_0001_0000n
const RW = 0xe8_0005_0004_0703n
const RO = { lo: 0x0004_0783, hi: 0xe0_0005 }

function machineWithPage() {
  const { hooks, lines } = hookLog()
  const machine = createMachine({
    flavour: '6.18',
    geometry: { page_shift: 12, va_bits: 48 },
    hooks,
    cpus: 2,
    tlb: true,
  })
  machine.map({ va: VA, level: 'pte', desc: RW, count: 1, paStep: 0n })
  lines.length = 0
  return { machine, lines, cpu: machine.cpu(0), other: machine.cpu(1) }
}

const slotOf = (cpu: Cpu) => {
  const va = toVa(VA)
  return pteOffset(
    cpu,
    pmdOffset(cpu, pudOffset(cpu, p4dOffset(cpu, pgdOffset(cpu, va), va), va), va),
    va,
  )
}

/** Makes the page read-only, with or without the dsb that belongs before the TLBI; a walk follows the TLBI. */
function protect(ordered: boolean) {
  const { machine, cpu, other, lines } = machineWithPage()
  machine.system.tlb?.fill(1, toVa(VA))
  const slot = slotOf(cpu)
  const { words } = cpu.memory
  machine.system.tlb?.stored(0, slot, words[slot] ?? 0, words[slot + 1] ?? 0)
  words[slot] = RO.lo
  words[slot + 1] = RO.hi
  if (ordered) dsb(cpu, 'ishst')
  tlbi(cpu, 'vaale1is', toVa(VA))
  tlbFill(other, toVa(VA), { see: 'old' })
  dsb(cpu, 'ish')
  isb(cpu)
  return { outcome: access(other, toVa(VA), 'write'), lines }
}

test('with a dsb before the TLBI no write gets through after it', () => {
  const { outcome, lines } = protect(true)
  expect(outcome).toBe('fault')
  const own = lines.filter((line) => /^(dsb|tlbi|isb|access)/.test(line))
  expect(own).toEqual([
    'dsb "ishst"',
    expect.stringMatching(/^tlbi "vaale1is",/),
    'dsb "ish"',
    'isb ',
    expect.stringMatching(/^access "write",.*"fault",false$/),
  ])
})

test('without it one can: the access is stale', () => {
  const { outcome, lines } = protect(false)
  expect(outcome).toBe('ok')
  expect(lines.at(-1)).toMatch(/^access "write",.*"ok",true$/)
})

test('a barrier of stores completes no TLBI, and a dmb waits for nothing', () => {
  const { cpu, lines, machine } = machineWithPage()
  machine.system.tlb?.fill(1, toVa(VA))
  tlbi(cpu, 'vmalle1is', null)
  dmb(cpu, 'ishst')
  dsb(cpu, 'st')
  expect(machine.system.tlb?.holds(1, toVa(VA))).toBe(true)
  dsb(cpu, 'sy')
  expect(machine.system.tlb?.holds(1, toVa(VA))).toBe(false)
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['tlbi', 'dmb', 'dsb', 'dsb'])
})
