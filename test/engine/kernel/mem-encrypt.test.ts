import { describe, expect, test } from 'vitest'

import { runScenario } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const PAGE = '0xffff000100040000'
const RW = 0xe8000500040703n
const NS_SHARED = 1n << 47n
const NG = 1n << 11n
const EINVAL = -22
const EIO = -5
const LATE = ['6.17', 'seed-v1', '6.18', '7.3']

const hex = (value: bigint): string => `0x${value.toString(16)}`

interface Given {
  readonly flavour: string
  readonly call: object
  readonly desc?: bigint
  readonly features?: object
  readonly level?: string
}

function run({ flavour, call, desc = RW, features = { realm: true }, level = 'pte' }: Given) {
  const { hooks, lines } = hookLog()
  const scenario = {
    geometry: { page_shift: 12, va_bits: 48 },
    flavour,
    features,
    init: [{ va: PAGE, level, desc: hex(desc) }],
    calls: [call],
  }
  const { results, final } = runScenario(scenario, {}, hooks)
  const words = lines.map((line) => line.split(' ')[0] ?? '')
  return { ret: results[0], desc: final[0]?.desc, lines, words }
}

const decrypt = { fn: 'set_memory_decrypted', addr: PAGE, numpages: 1 }
const encrypt = { fn: 'set_memory_encrypted', addr: PAGE, numpages: 1 }

describe('set_memory_decrypted()', () => {
  test.each(LATE)('%s: break, flush, tell the monitor, make', (flavour) => {
    const { ret, desc, words, lines } = run({ flavour, call: decrypt })
    expect(ret).toBe(0)
    expect(desc).toBe(RW | NS_SHARED)
    const kept = new Set(['descWrite', 'tlbFlush', 'spanBegin', 'spanEnd'])
    expect(words.filter((word) => kept.has(word))).toEqual([
      'descWrite',
      'tlbFlush',
      'spanBegin',
      'spanEnd',
      'descWrite',
    ])
    expect(lines.find((line) => line.startsWith('spanBegin'))).toContain(
      'rsi_set_memory_range_shared',
    )
  })

  test.each(LATE)('%s: what the monitor refuses stays invalid, and is warned of', (flavour) => {
    const { ret, desc, lines } = run({ flavour, call: { ...decrypt, rsi: EIO } })
    expect(ret).toBe(EIO)
    expect(desc).toBe((RW & ~1n) | NS_SHARED | (flavour === '7.3' ? NG : 0n))
    expect(lines).toContain('warn "realm_set_memory_decrypted",false,true')
  })

  test.each(['6.18', '7.3'])('%s: a whole block comes back only in 7.3 (H9)', (flavour) => {
    const block = 0xe8000600000701n
    const call = { ...decrypt, addr: '0xffff000100200000', numpages: 512 }
    const scenario = {
      geometry: { page_shift: 12, va_bits: 48 },
      flavour,
      features: { realm: true, bbml: true, cpu_bbml: true },
      init: [{ va: call.addr, level: 'pmd', desc: hex(block) }],
      calls: [call],
    }
    const { results, final } = runScenario(scenario)
    expect(results).toEqual([0])
    expect(final[0]?.invalid).toBe(flavour === '6.18')
  })
})

describe('set_memory_encrypted()', () => {
  test('takes the bit away again', () => {
    const { ret, desc } = run({ flavour: '6.18', call: encrypt, desc: RW | NS_SHARED })
    expect([ret, desc]).toEqual([0, RW])
  })

  test('the bit is the top one of ipa_bits', () => {
    const features = { realm: true, ipa_bits: 40 }
    expect(run({ flavour: '6.17', call: decrypt, features }).desc).toBe(RW | (1n << 39n))
  })

  test.each([
    ['outside a Realm', { features: {} }, 0],
    ['in 6.12', { flavour: '6.12' }, 0],
    ['unaligned', { call: { ...encrypt, addr: '0xffff000100040008' } }, 0],
    ['off the linear map', { call: { ...encrypt, addr: '0xffff8000c0000000' } }, EINVAL],
  ])('%s nothing is changed', (_, change, expected) => {
    const { ret, desc, words } = run({ flavour: '6.18', call: encrypt, ...change })
    expect([ret, desc]).toEqual([expected, RW])
    expect(words).not.toContain('descWrite')
  })
})

test('in a Realm the direct map can be changed, from 6.17 on', () => {
  const features = { realm: true, rodata_full: false }
  const rets = ['6.12', ...LATE].map(
    (flavour) => run({ flavour, call: { fn: 'can_set_direct_map' }, features }).ret,
  )
  expect(rets).toEqual([0, 1, 1, 1, 1])
})

const boot = {
  realm: true,
  rodata_full: false,
  cpu_bbml: true,
  caps_finalized: false,
  online_cpus: 1,
}
const outcome = (features: object) =>
  runScenario(
    {
      geometry: { page_shift: 12, va_bits: 48 },
      flavour: '7.3',
      features,
      init: [{ va: '0xffff000200000000', level: 'pmd', desc: '0xe8000600000701' }],
      calls: [{ fn: 'set_memory_decrypted', addr: '0xffff000200080000', numpages: 128 }],
    },
    {},
  ).results[0]

describe('a block of the linear map in a Realm, before capabilities are final', () => {
  test('is split where the Realm was known when the linear map was built, else refused', () => {
    expect(outcome(boot)).toBe(0)
    expect(outcome({ ...boot, realm_known_late: true })).toBe(EINVAL)
  })
})
