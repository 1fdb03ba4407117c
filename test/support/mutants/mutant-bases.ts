import type { EventSource } from '@pagetrail/recorder'

import { AREA, hex, KERNEL_RW, PAGE } from '../sample-run.ts'
import type { captures, engineRuns, fixture } from '../runs.ts'

const LINEAR = 0xffff_0001_0004_0000n
const BLOCK = 0xffff_0002_0000_0000n

const pages = (va: bigint) => ({
  va: hex(va),
  level: 'pte',
  desc: hex(KERNEL_RW | 0x5_0004_0000n),
  count: 6,
  pa_step: hex(PAGE),
})
const on = (fn: string, page: number, numpages: number) => ({
  fn,
  addr: hex(AREA + BigInt(page) * PAGE),
  numpages,
})
const switched = (va: bigint, numpages: number, enable: number) => ({
  fn: 'set_memory_valid',
  addr: hex(va),
  numpages,
  enable,
})

/** Pages of an area with their aliases, a block of the linear map, and calls that change all of them. */
function scenario(): object {
  const block = { va: hex(BLOCK), level: 'pmd', desc: '0x68000600000701', count: 1, pa_step: '0x0' }
  return {
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: true, bbml: true, cpu_bbml: true },
    init: [pages(AREA), pages(LINEAR), block],
    areas: [{ start: hex(AREA), size: hex(PAGE * 7n), pages: [{ pfn: '0x500040', count: 6 }] }],
    calls: [
      on('set_memory_ro', 0, 6),
      on('set_memory_x', 1, 2),
      on('set_memory_nx', 1, 2),
      on('set_memory_rw', 0, 6),
      on('set_memory_ro', 0, 6),
      switched(LINEAR, 2, 0),
      switched(LINEAR, 2, 1),
      on('set_memory_rw', 0, 6),
      on('set_memory_ro', 0, 6),
    ],
  }
}

/** One page of a block is made read-only, where 6.18 and 7.3 split it. */
function splitting(): object {
  const base = scenario() as { readonly [name: string]: unknown }
  return { ...base, calls: [switched(BLOCK + 3n * PAGE, 1, 0), switched(BLOCK + 3n * PAGE, 1, 1)] }
}

/** Sound runs to put faults into: of the engine, and of real kernels. */
export async function mutantBases(from: {
  captures: typeof captures
  engineRuns: typeof engineRuns
  fixture: typeof fixture
}): Promise<(readonly [string, EventSource])[]> {
  const engine = await from.engineRuns(scenario(), '6.12', '6.17', '6.18', '7.3')
  const split = await from.engineRuns(splitting(), '6.18', '7.3')
  const real = await from.captures(
    from.fixture('modules_small-6.12.trace.gz'),
    from.fixture('modules_small-6.17-localclock.trace.gz'),
    from.fixture('modules_small-6.18-bbm.trace.gz'),
    from.fixture('modules_small-7.3.trace.gz'),
  )
  return [
    ...engine.map((source) => [`engine ${source.run.flavour}`, source] as const),
    ...split.map((source) => [`split ${source.run.flavour}`, source] as const),
    ...real.map((source) => [source.run.label, source] as const),
  ]
}
