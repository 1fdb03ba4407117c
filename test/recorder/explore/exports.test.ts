import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { parseScenario } from '@pagetrail/engine'
import { type EventSource, scenarioNamed, type WindowFormat, windowText } from '@pagetrail/recorder'

import { playedRun } from '../../support/played-runs.ts'

const fixtures = `${import.meta.dirname}/../../fixtures/`
const V = '0xffff8000c0000000'
const RW = '0xe8000500040703'
const RO = '0xe0000500040783'
const INVALID = '0xe8000500040702'
const OTHER = '0xe8000500099703'

type Step = Readonly<Record<string, unknown>>
const store = (desc: string, addr = V): Step => ({ fn: 'store', addr, desc })
const dsb = (scope: string): Step => ({ fn: 'barrier', op: 'dsb', scope })
const tlbi = (insn = 'vaae1is', addr = V): Step => ({ fn: 'tlbi', insn, addr })
const read: Step = { fn: 'access', addr: V, mode: 'read' }

interface Input {
  readonly init: string
  readonly cpus: readonly (readonly Step[])[]
  readonly count?: number
}

/** A run of a scenario, one CPU after the other. */
function sourceOf(json: unknown, name: string): EventSource {
  const geometry = { page_shift: 12, va_bits: 48 }
  const scenario = parseScenario(json, { flavour: '6.18', geometry, schedule: '' })
  return playedRun(scenario, name)
}

const inputOf = ({ init, cpus, count = 1 }: Input) => ({
  features: { tlb_model: true },
  init: [{ va: V, level: 'pte', desc: init, count, pa_step: '0x1000' }],
  cpus: cpus.map((calls) => ({ calls })),
})

const written = (name: string, input: unknown, format: WindowFormat): string =>
  windowText(sourceOf(input, name), format, undefined).text

/** Windows of the library, and those that are of another form there. */
const BBM: Readonly<Record<string, Input>> = {
  bbm: {
    init: RW,
    cpus: [
      [store(INVALID), dsb('ishst'), tlbi(), dsb('ish'), store(OTHER)],
      [read, read],
    ],
  },
  'bbm-no-tlbi': {
    init: RW,
    cpus: [
      [store(INVALID), dsb('ishst'), dsb('ish'), store(OTHER)],
      [read, read],
    ],
  },
  'bbm-no-dsb-before': {
    init: RW,
    cpus: [
      [store(INVALID), tlbi(), dsb('ish'), store(OTHER)],
      [read, read],
    ],
  },
  'bbm-no-break': { init: RW, cpus: [[store(OTHER)], [read, read]] },
}
const change = (page: number, split: string): Step => ({
  fn: 'h7_change',
  addr: `0xffff8000c000${page}000`,
  entries: 2,
  split,
  flush: 'none',
})
const H7: Readonly<Record<string, Input>> = {
  'h7-lost-plain': {
    init: '0xf8000500040703',
    count: 2,
    cpus: [[change(1, 'rewrite-plain')], [change(0, 'none')]],
  },
  'h7-atomic-clear-plain-set': {
    init: '0xf8000500040703',
    count: 2,
    cpus: [[change(1, 'first-atomic')], [change(0, 'none')]],
  },
}

function inputNamed(name: string): unknown {
  const own = BBM[name] ?? H7[name]
  return own === undefined ? scenarioNamed(`weak-${name}`).json : inputOf(own)
}

interface Meaning {
  readonly start: ReadonlySet<string>
  readonly threads: readonly (readonly string[])[]
  readonly condition: string
  readonly variant: string
}

/** A litmus test without its name, its layout, the registers' order and the names of its labels. */
function meaningOf(text: string): Meaning {
  const lines = text.split('\n')
  const open = lines.indexOf('{')
  const close = lines.indexOf('}')
  const body = lines.slice(close + 2).filter((line) => line.endsWith(';'))
  const rows = body.map((line) =>
    line
      .slice(0, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  const threads = (rows[0] ?? []).map((_, cpu) =>
    rows.flatMap((row) =>
      row[cpu] === '' ? [] : [(row[cpu] ?? '').replace(/L\d(: ISB)|L\d$/, 'L$1')],
    ),
  )
  const inits = lines.slice(open + 1, close).map((line) => line.trim().replace(/;$/, ''))
  const values = new Map(inits.map((line) => line.split('=') as [string, string]))
  // A register is what it holds; a flag that nobody looks at is none.
  const said = threads.map((own, cpu) =>
    own.map((line) =>
      line.replace(/STR (X\d)/, (_, register) => `STR ${values.get(`${cpu}:${register}`)}`),
    ),
  )
  const hasFlag = said.flat().some((line) => line.includes('[X8]'))
  return {
    start: new Set(
      inits.filter((line) => line.startsWith('[') && (hasFlag || !line.startsWith('[flag]'))),
    ),
    threads: said,
    condition: lines.find((line) => line.startsWith('exists')) ?? '',
    variant: lines.find((line) => line.startsWith('Variant')) ?? '',
  }
}

describe('litmus: the same threads and the same condition as written by hand, with the verdict of herd7', () => {
  const verdicts: Record<string, string> = JSON.parse(
    readFileSync(`${fixtures}litmus/verdicts.json`, 'utf8'),
  )

  test.each(Object.entries(verdicts))('%s: %s', (file, verdict) => {
    const name = file.replace('pt-', '')
    const text = written(file, inputNamed(name), 'litmus')
    const hand = meaningOf(readFileSync(`${fixtures}litmus/${file}.litmus`, 'utf8'))
    expect(meaningOf(text)).toEqual(hand)
    expect(text).toContain(`expected: ${verdict},`)
    expect(text).toContain(
      `herd7 ${hand.variant === '' ? '' : `-variant ${hand.variant.replace('Variant=', '')} `}${file}.litmus`,
    )
  })

  test('there are nineteen', () => {
    expect(Object.keys(verdicts)).toHaveLength(19)
  })

  test.each([
    ['two-in-one-span', /it takes a lock; locks are not instructions/],
    ['softirq-in-split-lockless', /it takes a lock/],
    ['h7-fill-lock', /it takes a lock; locks are not instructions/],
  ])('%s is refused, with the reason', (name, reason) => {
    expect(() => written(name, scenarioNamed(name).json, 'litmus')).toThrow(reason)
  })
})

const actions = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\((mem-write|barrier|tlbi|lock|unlock)/.test(line))
    .map((line) => line.replace(/\(id \d+\) /, ''))

describe('casemate: the same stores, barriers and TLBI as in the logs it judged', () => {
  const zero = '0x0'
  test.each<[string, Input]>([
    [
      '1-bbm-correct',
      { init: RW, cpus: [[store(zero), dsb('ishst'), tlbi(), dsb('ish'), store(OTHER)]] },
    ],
    ['2-bbm-no-tlbi', { init: RW, cpus: [[store(zero), dsb('ishst'), dsb('ish'), store(OTHER)]] }],
    [
      '3-bbm-no-dsb-before-tlbi',
      { init: RW, cpus: [[store(zero), tlbi(), dsb('ish'), store(OTHER)]] },
    ],
    ['6-no-break-new-address', { init: RW, cpus: [[store(OTHER)]] }],
    ['8-protect-without-flush', { init: RW, cpus: [[store(RO)]] }],
  ])('%s', (name, input) => {
    const hand = readFileSync(`${fixtures}casemate/${name}.log`, 'utf8')
    expect(actions(written(name, inputOf(input), 'casemate'))).toEqual(actions(hand))
  })

  test('what it cannot see is said', () => {
    const source = sourceOf(inputOf({ init: RW, cpus: [[store(RO)]] }), 'protect')
    expect(windowText(source, 'casemate', undefined).limits).toEqual([
      'it cannot see a missing flush after a valid entry lost a permission',
    ])
  })
})
