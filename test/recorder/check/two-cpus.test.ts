import {
  atomicChange,
  bits,
  type Call,
  type Cpu,
  createMachine,
  HI,
  isCont,
  LO,
  loadHi,
  loadLo,
  lock,
  type Machine,
  PTE,
  runChosen,
  setPteNosync,
  toVa,
  unlock,
} from '@pagetrail/engine'
import {
  type CheckReport,
  checkRun,
  HookRecorder,
  openRuns,
  rulesNamed,
  type RunFile,
} from '@pagetrail/recorder'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/**
 * The race of the review (H7), really run: two CPUs own a page each of one contiguous span of two entries; each
 * splits the span and makes its page read-only. What the rules say of each recorded schedule is compared with the
 * tables as they end.
 */
const BASE = 0xffff_8000_c000_0000n
const RW_CONT = 0xf8_0005_0000_0703n
const SPAN = 2
const RULES = ['lost-update', 'torn-span', 'silent-no-op', 'overlapping-owners']

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-two-cpus-'))
let runFile: RunFile
beforeAll(async () => {
  runFile = await openRuns(join(folder, 'two.db'), { mode: 'write' })
})
afterAll(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

type Split = (cpu: Cpu, slots: readonly number[]) => void

const clear = (cpu: Cpu, slot: number): void => {
  const lo = loadLo(cpu, slot)
  setPteNosync(cpu, slot, lo, loadHi(cpu, slot) & ~HI.CONT)
}
const hasCont = (cpu: Cpu, slot: number): boolean => {
  loadLo(cpu, slot)
  return isCont(loadHi(cpu, slot))
}
const firstPteOnly: Split = (cpu, slots) => {
  if (hasCont(cpu, slots[0] ?? 0)) for (const slot of slots) clear(cpu, slot)
}
const locked: Split = (cpu, slots) => {
  const { pgtableSplit } = cpu.system.locks
  lock(cpu, pgtableSplit, 'mutex')
  firstPteOnly(cpu, slots)
  unlock(cpu, pgtableSplit, 'mutex')
}
const eachPteAtomic: Split = (cpu, slots) => {
  for (const slot of slots) {
    if (hasCont(cpu, slot)) atomicChange(cpu, PTE, slot, bits(), bits('CONT'))
  }
}

/** set_memory_ro() on page `index`, as a module would write it: split, then change its own page. */
function makeReadOnly(split: Split, slots: readonly number[], index: number): Call {
  const addr = BASE + BigInt(index) * 0x1000n
  return {
    fn: 'set_memory_ro',
    args: { addr, numpages: 1 },
    allocFail: 0,
    supported: () => true,
    range: () => [toVa(addr), toVa(addr + 0x1000n)],
    run(cpu) {
      split(cpu, slots)
      const slot = slots[index] ?? 0
      const lo = loadLo(cpu, slot)
      setPteNosync(cpu, slot, lo | LO.RDONLY, loadHi(cpu, slot) & ~HI.WRITE)
      return 0
    },
  }
}

function slotsOf({ system: { memory } }: Machine): number[] {
  const tables = Array.from({ length: memory.tables }, (_, table) => table)
  const last = tables.findLast((table) => memory.tableLevel(table) === PTE) ?? -1
  const first = memory.firstSlot(last)
  return Array.from({ length: SPAN }, (_, i) => first + 2 * i)
}

interface Outcome {
  readonly report: CheckReport
  /** Pages that are not read-only in the end, and whether any entry is still contiguous. */
  readonly lost: number
  readonly isTorn: boolean
}

/** One run; bit k of `schedule` says which CPU goes on at step k. */
function race(split: Split, schedule: number, pages: readonly number[] = [0, 1]): Outcome {
  const writer = runFile.startRun({
    label: `race ${schedule}`,
    source: 'module',
    created: 0,
    flavour: '6.18',
    geometry: { pageShift: 12, vaBits: 48, levels: 4 },
    facts: { features: { bbml: true } },
  })
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({
    flavour: '6.18',
    geometry,
    cpus: 2,
    hooks: new HookRecorder(writer),
  })
  machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: SPAN, paStep: 0x1000n })
  const slots = slotsOf(machine)
  const programs = pages.map(
    (page) => (cpu: Cpu) => machine.call(makeReadOnly(split, slots, page), cpu),
  )
  runChosen(
    machine,
    programs,
    (runnable, step) => runnable[((schedule >> step) & 1) % runnable.length] ?? 0,
  )
  writer.finish('complete')
  const run = runFile.find(writer.id)
  const report = checkRun(runFile.source(run), rulesNamed(RULES))
  const cpu = machine.cpu(0)
  const words = slots.map((slot) => [loadLo(cpu, slot), loadHi(cpu, slot)] as const)
  return {
    report,
    lost: words.filter(([lo]) => (lo & LO.RDONLY) === 0).length,
    isTorn: words.some(([, hi]) => isCont(hi)),
  }
}

const fired = ({ report }: Outcome, rule: string): boolean =>
  report.findings.some((finding) => finding.rule === rule)

/** Schedules of eight free steps, all of them; enough for both outcomes. */
const SCHEDULES = Array.from({ length: 2 ** 8 }, (_, i) => i)

describe('first PTE only, plain clear (the split without its lock)', () => {
  const outcomes: Outcome[] = []
  beforeAll(() => {
    for (const schedule of SCHEDULES) outcomes.push(race(firstPteOnly, schedule))
  })

  test('some schedules lose an update, some leave the span torn', () => {
    expect(outcomes.some(({ lost }) => lost > 0)).toBe(true)
    expect(outcomes.some(({ isTorn }) => isTorn)).toBe(true)
  })

  test('lost-update names every lost one; silent-no-op the call whose effect is gone', () => {
    const lost = outcomes.filter((outcome) => outcome.lost > 0)
    expect(lost.every((outcome) => fired(outcome, 'lost-update'))).toBe(true)
    for (const outcome of outcomes) expect(fired(outcome, 'silent-no-op')).toBe(outcome.lost > 0)
  })

  test('torn-span fires exactly where the tables end torn', () => {
    for (const outcome of outcomes) expect(fired(outcome, 'torn-span')).toBe(outcome.isTorn)
  })

  test('the calls own different pages: no overlap', () => {
    for (const outcome of outcomes) expect(fired(outcome, 'overlapping-owners')).toBe(false)
  })
})

test.each([
  ['with the split lock', locked],
  ['testing each PTE, clearing atomically', eachPteAtomic],
] as const)('%s no schedule has anything to find', (_, split) => {
  for (const schedule of SCHEDULES) {
    const outcome = race(split, schedule)
    expect([outcome.lost, outcome.isTorn, outcome.report.findings]).toEqual([0, false, []])
  }
})

test('two owners of one page, at the same time', () => {
  const together = race(eachPteAtomic, 0b10_1010_1010, [0, 0])
  expect(fired(together, 'overlapping-owners')).toBe(true)
  const inTurn = race(eachPteAtomic, 0, [0, 0])
  expect(fired(inTurn, 'overlapping-owners')).toBe(false)
})
