/** Scenarios at random, the same for the same seed: what a tree and the engine are compared by beyond those by hand. */

const BASE = 0xffff8000c0000000n
const ALIAS = 0xffff000100000000n
const FRAME = 0x500000n
const PAGE = 0x1000n
const PER_BLOCK = 512
const BLOCKS = 3
const RW = 0xe8000000000703n
const CONT = 1n << 52n
const VALID = 1n

type Random = (below: number) => number

/** xorshift64*, as numbers below a bound. */
function randomOf(seed: number): Random {
  let state = (BigInt(seed) + 1n) * 0x9e3779b97f4a7c15n
  return (below) => {
    state = BigInt.asUintN(64, state ^ (state >> 12n))
    state = BigInt.asUintN(64, state ^ (state << 25n))
    state = BigInt.asUintN(64, state ^ (state >> 27n))
    return Number(BigInt.asUintN(53, (state * 0x2545f4914f6cdd1dn) >> 11n) % BigInt(below))
  }
}

const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`
const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T
const chance = (random: Random, oneIn: number): number => Number(random(oneIn) === 0)

const KINDS = ['pages', 'pages', 'cont', 'block', 'cont-blocks', 'few', 'invalid', 'hole'] as const

/** One block's worth of addresses, mapped in one of the ways. */
function mapped(random: Random, base: bigint, block: number): object[] {
  const kind = pick(random, KINDS)
  const va = hex(base + BigInt(block * PER_BLOCK) * PAGE)
  const out = (FRAME + BigInt(block * PER_BLOCK)) * PAGE
  if (kind === 'hole') return []
  if (kind === 'block' || kind === 'cont-blocks') {
    const bits = kind === 'block' ? 0n : CONT
    return [{ va, level: 'pmd', desc: hex((RW | out | bits) & ~2n) }]
  }
  const desc = kind === 'cont' ? RW | CONT : kind === 'invalid' ? RW & ~VALID : RW
  const count = kind === 'few' ? 1 + random(40) : PER_BLOCK
  return [{ va, level: 'pte', desc: hex(desc | out), count, pa_step: hex(PAGE) }]
}

const FLAGS = [
  'rodata_full',
  'debug_pagealloc',
  'kfence_direct_map',
  'bbml',
  'cpu_bbml',
  'tlb_range',
  'rodata_is_rw',
  'in_interrupt',
  'ng_mappings',
  'bti_kernel',
] as const

const CHANGES = ['set_memory_ro', 'set_memory_rw', 'set_memory_x', 'set_memory_nx'] as const
const ON_FRAMES = [
  'set_direct_map_invalid_noflush',
  'set_direct_map_default_noflush',
  'kernel_page_present',
] as const
const ON_RANGES = [
  'split_kernel_leaf_mapping',
  'range_split_to_ptes',
  'flush_tlb_kernel_range',
] as const
const WALKS = [
  'walk_kernel_page_table_range',
  'apply_to_existing_page_range',
  'apply_to_page_range',
] as const
const LAZY = ['lazy_enter', 'lazy_leave'] as const

function call(random: Random): object {
  // Near the borders of blocks and contiguous spans more often than elsewhere.
  const first = Math.max(0, random(BLOCKS * 32) * 16 + random(5) - 2)
  const numpages = pick(random, [0, 1, 1, 2, 3, 15, 16, 17, 40, PER_BLOCK])
  const addr = hex((chance(random, 4) ? ALIAS : BASE) + BigInt(first) * PAGE)
  const end = hex(BigInt(addr) + BigInt(numpages) * PAGE)
  const more = chance(random, 6) ? { alloc_fail: 1 + random(3) } : {}
  const pfn = hex(FRAME + BigInt(first))
  switch (random(8)) {
    case 0:
      return { fn: pick(random, ON_FRAMES), pfn, ...more }
    case 1:
      return { fn: pick(random, ON_RANGES), addr, end, ...more }
    case 2:
      return {
        fn: pick(random, WALKS),
        addr,
        end,
        cb: 'observe',
        levels: random(64),
        err_at: random(5),
        err: -5,
      }
    case 3:
      return { fn: pick(random, LAZY) }
    case 4:
    case 5:
      return { fn: 'set_memory_valid', addr, numpages, enable: random(2), ...more }
    default:
      return { fn: pick(random, CHANGES), addr, numpages, ...more }
  }
}

/** A scenario for 4K pages and 48 bits, in the corpus's form. */
export function randomScenario(seed: number): object {
  const random = randomOf(seed)
  const blocks = Array.from({ length: BLOCKS }, (_, block) => block)
  const size = 1 + random(BLOCKS * PER_BLOCK)
  return {
    name: `random-${seed}`,
    features: Object.fromEntries(FLAGS.map((name) => [name, random(2)])),
    init: [
      ...blocks.flatMap((block) => mapped(random, BASE, block)),
      ...blocks.flatMap((block) => mapped(random, ALIAS, block)),
    ],
    areas: [
      {
        start: hex(BASE),
        size: hex(BigInt(size + 1) * PAGE),
        flags: pick(random, ['0x2', '0x2', '0x2', '0x402', '0x4']),
        nr_pages: size,
        pages: [{ pfn: hex(FRAME), count: size }],
      },
    ],
    calls: Array.from({ length: 1 + random(4) }, () => call(random)),
  }
}
