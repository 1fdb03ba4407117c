import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Chance, type Hooks, hexOf, runScenario, SilentHooks } from '@pagetrail/engine'

/**
 * The engine's walk of a process by its VMAs against mm/pagewalk.c of a kernel tree, on random tables, VMAs and
 * callbacks: order and ranges of callbacks, holes, splits, locks, retries, results. The functions of that file are
 * compiled for the host, on the least of a kernel (pagewalk.c). Run it with
 * `node bench/pagewalk.ts FLAVOUR DIR [walks] [first seed]`; limit: no walk differs.
 */
const [flavour, dir, walks = '2000', first = '1'] = process.argv.slice(2)
if (flavour === undefined || dir === undefined) {
  throw new Error('which tree? node bench/pagewalk.ts 7.3 DIR')
}

const PAGE = 0x1000n
const PER_BLOCK = 512
const BLOCK = BigInt(PER_BLOCK) * PAGE
/** Where one table of PMDs ends and the next begins: the walks are around it. */
const MIDDLE = 0xaaab_0000_0000n
const KINDS = ['anon', 'file', 'pfnmap'] as const
const NO_TEST = -1000

/** The walkers of VMAs: from the first function of the file to what walks kernel tables. */
function coreOf(text: string): string {
  const start = text.indexOf('static int real_depth(')
  const end = text.indexOf('/**\n * walk_kernel_page_table_range -')
  if (start === -1 || end < start) throw new Error(`${dir}/mm/pagewalk.c is not as it was known`)
  return text.slice(start, end)
}

interface Case {
  /** For the C program. */
  readonly text: string
  /** For the engine. */
  readonly json: object
}

const plain = (value: bigint): string => value.toString(16)

/** What one block's worth of addresses holds: nothing, a huge page, an entry that is neither, some pages. */
function entriesAt(chance: Chance, at: bigint): { text: string; json: object } | null {
  const kind = chance.below(6)
  if (kind === 0) return null
  const blocks: readonly bigint[] = [0xe8_0006_0000_0f41n, 0x60_0006_0000_0f80n, 0x6_0000_0802n]
  const desc = blocks[kind - 1]
  if (desc !== undefined) {
    const json = { va: hexOf(at), level: 'pmd', desc: hexOf(desc) }
    return { text: `map ${plain(at)} 3 ${plain(desc)} 1`, json }
  }
  const count = 1 + chance.below(4)
  const va = at + BigInt(chance.below(PER_BLOCK - 4)) * PAGE
  const json = { va: hexOf(va), level: 'pte', desc: '0xe8000500000f43', count, pa_step: '0x1000' }
  return { text: `map ${plain(va)} 4 e8000500000f43 ${count}`, json }
}

/** Up to three ranges of pages, ascending, some of whose ends are those of blocks. */
function vmasOf(chance: Chance): { start: number; end: number; kind: number }[] {
  const cuts = Array.from({ length: 2 * (1 + chance.below(3)) }, () => {
    const page = chance.below(8 * PER_BLOCK) - 4 * PER_BLOCK
    return chance.below(2) === 0 ? page : Math.round(page / PER_BLOCK) * PER_BLOCK
  }).toSorted((a, b) => a - b)
  const vmas = []
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const [start = 0, end = 0] = [cuts[i], cuts[i + 1]]
    if (end > start) vmas.push({ start, end, kind: chance.below(KINDS.length) })
  }
  return vmas
}

const address = (page: number): bigint => MIDDLE + BigInt(page) * PAGE

function randomCase(seed: number): Case {
  const chance = new Chance(seed)
  const entries = [-2n, -1n, 0n, 1n, 2n].flatMap((i) => entriesAt(chance, MIDDLE + i * BLOCK) ?? [])
  const vmas = vmasOf(chance)
  const from = chance.below(3 * PER_BLOCK) - 2 * PER_BLOCK
  const to = from + 1 + chance.below(3 * PER_BLOCK)
  const levels = chance.below(3) === 0 ? chance.below(64) : 60 + chance.below(4)
  const again = chance.below(2) === 0
  const set = {
    err_at: chance.below(4) === 0 ? 1 + chance.below(40) : 0,
    err: chance.below(2) === 0 ? 7 : -7,
    again_at: again ? 1 + chance.below(12) : 0,
    again_n: again ? 1 + chance.below(3) : 0,
    cont_at: chance.below(3) === 0 ? 1 + chance.below(12) : 0,
  }
  const test = [NO_TEST, NO_TEST, NO_TEST, 0, 0, 1, 3, -5][chance.below(8)] ?? NO_TEST
  const [start, end] = [address(from), address(to)]
  const text = [
    'case',
    ...entries.map((entry) => entry.text),
    ...vmas.map(
      (v) => `vma ${address(v.start).toString(16)} ${address(v.end).toString(16)} ${v.kind}`,
    ),
    `set ${[...Object.values(set), test].join(' ')}`,
    `walk ${start.toString(16)} ${end.toString(16)} ${levels}`,
  ]
  const call = { fn: 'walk_page_range', mm: 'task', addr: hexOf(start), end: hexOf(end) }
  const json = {
    geometry: { page_shift: 12, va_bits: 48 },
    mms: [
      {
        name: 'task',
        init: entries.map((entry) => entry.json),
        vmas: vmas.map((v) => ({
          start: hexOf(address(v.start)),
          end: hexOf(address(v.end)),
          kind: KINDS[v.kind],
        })),
      },
    ],
    calls: [
      { ...call, cb: 'observe', levels, ...set, ...(test === NO_TEST ? {} : { test_walk: test }) },
    ],
  }
  return { text: text.join('\n'), json }
}

/** Hooks that write the lines of the C program. */
function linesOf(lines: string[]): Hooks {
  const listening: Partial<Hooks> = {
    cbEnter: (level, _fn, lo, hi, endLo, endHi) => {
      lines.push(`cb ${level} ${word(lo, hi)} ${word(endLo, endHi)}`)
    },
    hole: (depth, lo, hi, endLo, endHi) => {
      lines.push(`hole ${depth} ${word(lo, hi)} ${word(endLo, endHi)}`)
    },
    split: (level, lo, hi) => {
      lines.push(`split ${level} ${word(lo, hi)}`)
    },
    lock: (name) => {
      lines.push(`lock ${name}`)
    },
    unlock: (name) => {
      lines.push(`unlock ${name}`)
    },
    badEntry: (level) => {
      lines.push(`bad ${level}`)
    },
  }
  return Object.assign(new SilentHooks(), listening)
}

const word = (lo: number, hi: number): string =>
  ((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)

const folder = mkdtempSync(join(tmpdir(), 'pagewalk-'))
try {
  writeFileSync(join(folder, 'core.h'), coreOf(readFileSync(join(dir, 'mm/pagewalk.c'), 'utf8')))
  const program = join(folder, 'pagewalk')
  const source = join(import.meta.dirname, 'pagewalk.c')
  execFileSync('gcc', ['-w', '-O1', `-I${folder}`, '-DCORE="core.h"', source, '-o', program])
  const cases = Array.from({ length: Number(walks) }, (_, i) => randomCase(Number(first) + i))
  const input = `${cases.map(({ text }) => text).join('\n')}\n`
  const real = execFileSync(program, { input, maxBuffer: 2 ** 30 })
    .toString()
    .split('end\n')
  let different = 0
  let lines = 0
  for (const [i, { json, text }] of cases.entries()) {
    const ours: string[] = []
    const { results } = runScenario(json, { flavour }, linesOf(ours))
    ours.push(`ret ${results[0]}`)
    const theirs = (real[i] ?? '').trim().split('\n')
    lines += theirs.length
    const at = theirs.findIndex((line, n) => line !== ours[n])
    if (at === -1 && theirs.length === ours.length) continue
    if (different++ < 3) console.log(`${text}\n  line ${at}: ${theirs[at]} there, ${ours[at]} here`)
  }
  console.log(`${cases.length} walks, ${lines} lines of ${dir}; different: ${different}`)
  if (different > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
