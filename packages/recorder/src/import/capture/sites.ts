import type { Disassembled, Instruction } from './disassembly.ts'

/** Leaf callbacks, and how the capture calls the pointer to the entry that is their first argument. */
const CALLBACKS: Readonly<Record<string, string>> = {
  change_page_range: 'pte',
  pageattr_pte_entry: 'pte',
  pageattr_pmd_entry: 'pmd',
  pageattr_pud_entry: 'pud',
}

/** Functions that open and close lazy MMU sections, or queue barriers in one. */
const LAZY: ReadonlySet<string> = new Set([
  ...Object.keys(CALLBACKS),
  '__apply_to_page_range',
  'update_range_prot',
  'split_kernel_leaf_mapping',
  'split_pmd',
  'split_pud',
])

/** Functions whose barriers, TLBI and lazy MMU sections belong to changes of kernel mappings. */
const WATCHED: ReadonlySet<string> = new Set([
  ...LAZY,
  '__change_memory_common',
  'secretmem_fault',
  '__purge_vmap_area_lazy',
  '_vm_unmap_aliases',
  'vunmap_range',
  'vm_area_unmap_pages',
])

const FLUSH = 'flush_tlb_kernel_range'
const CALLS_FLUSH = new RegExp(`\\bbl?\\s.*<${FLUSH}(?:\\.[\\w.]+)?>`)

/** The name in the source: compilers append `.part.0`, `.constprop.0`, `.isra.0` to parts and copies. */
export const sourceName = (symbol: string): string =>
  symbol.replace(/\.(?:part|constprop|isra|llvm|cold)\b.*$/, '')

export const isWatched = (symbol: string): boolean => WATCHED.has(sourceName(symbol))
/** Whether a line of a disassembly calls flush_tlb_kernel_range(), or one of its local copies. */
export const callsFlush = (line: string): boolean => line.includes(FLUSH) && CALLS_FLUSH.test(line)

/** What was found inside functions, as lines for `kprobe_events` without the group, and what was not. */
export interface Sites {
  readonly definitions: readonly string[]
  /** A sentence each: what cannot be shown on this build. */
  readonly missing: readonly string[]
}

interface Site {
  readonly what: string
  readonly at: Instruction
  readonly fetch: string
}

const register = (text: string | undefined): string | null =>
  /^[xw](\d{1,2})$/.exec(text ?? '')?.[1] ?? null

const base = (operands: string): string | null =>
  /\[x(\d{1,2})(?:, ?#0)?\]$/.exec(operands)?.[1] ?? null

/** `dsb`, `isb` and `tlbi` are themselves: a site each. */
function barrierSite(at: Instruction): Site | null {
  const { mnemonic, operands } = at
  if (mnemonic === 'dsb' && (operands === 'ish' || operands === 'ishst')) {
    return { what: `dsb_${operands}`, at, fetch: '' }
  }
  if (mnemonic === 'isb') return { what: 'isb', at, fetch: '' }
  if (mnemonic !== 'tlbi') return null
  const [op = '', operand] = operands.split(/,\s*/)
  const from = register(operand)
  return { what: `tlbi_${op.toLowerCase()}`, at, fetch: from === null ? '' : `op=%x${from}:x64` }
}

/** The value that a register holds at an instruction: the last `mov xN, #imm` before it. */
function immediate(code: readonly Instruction[], at: number, reg: string): string | null {
  for (let i = at - 1; i >= 0; i--) {
    const { mnemonic, operands } = code[i]!
    const [, value] = new RegExp(`^[xw]${reg}, #(0x[0-9a-f]+)$`).exec(operands) ?? []
    if (mnemonic === 'mov' && value !== undefined) return value
  }
  return null
}

/** Atomic changes of thread flags as LSE instructions. In the other form, an exclusive loop, no probe may stand. */
const FLAGS = /^(stset|stclr|ldclr(?:al|a|l)?|ldset(?:al|a|l)?)$/

interface FlagSite {
  readonly at: Instruction
  readonly mask: string
  readonly fetch: string
}

function flagSites({ code }: Disassembled): FlagSite[] {
  return code.flatMap((at, i) => {
    if (!FLAGS.test(at.mnemonic)) return []
    const from = register(at.operands.split(/,\s*/)[0])
    const pointer = base(at.operands)
    const mask = from === null ? null : immediate(code, i, from)
    if (mask === null || pointer === null) return []
    return [{ at, mask, fetch: `mask=%x${from}:x64 flags=+0(%x${pointer}):x64` }]
  })
}

const isLazy = ({ name }: Disassembled): boolean => LAZY.has(sourceName(name))
const clears = ({ at }: FlagSite): boolean => at.mnemonic.startsWith('ldclr')

/**
 * 6.16 to 6.19: two thread flags. The one that some place tests and clears at once is TIF_LAZY_MMU_PENDING; setting it
 * queues a barrier. The other is TIF_LAZY_MMU itself.
 */
function lazyFlags(sites: readonly FlagSite[], pending: string): Site[] {
  return sites.map(({ at, mask, fetch }) => {
    const set = at.mnemonic === 'stset' || at.mnemonic.startsWith('ldset')
    if (mask === pending) return { what: set ? 'lazy_queue' : 'lazy_test_pending', at, fetch }
    return { what: set ? 'lazy_enter' : 'lazy_leave', at, fetch }
  })
}

/** From 7.0: a counter in the task, one byte: `ldrb wT, [xN, #off]; add|sub wT, wT, #1; strb wT, [xN, #off]`. */
function lazyCounter(code: readonly Instruction[]): Site[] {
  const offsets = new Set<string>()
  const counted = new Map<number, Site>()
  code.forEach((at, i) => {
    const [, reg, place] = /^w(\d{1,2}), (\[x\d{1,2}, #\d+\])$/.exec(at.operands) ?? []
    if (at.mnemonic !== 'strb' || reg === undefined || place === undefined) return
    const step = code
      .slice(Math.max(0, i - 3), i)
      .findLast(({ operands }) => operands === `w${reg}, w${reg}, #0x1`)
    const loaded = code
      .slice(Math.max(0, i - 12), i)
      .some((c) => c.mnemonic === 'ldrb' && c.operands === at.operands)
    if (!step || !loaded) return
    offsets.add(/#\d+/.exec(place)![0])
    counted.set(i, {
      what: step.mnemonic === 'add' ? 'lazy_enter' : 'lazy_leave',
      at,
      fetch: `count=%x${reg}:u8`,
    })
  })
  return code.flatMap((at, i) => {
    const site = counted.get(i)
    if (site) return [site]
    // The counter falls to zero: nothing is computed, so no register holds it.
    const zeroed = /^wzr, \[x\d{1,2}, (#\d+)\]$/.exec(at.operands)?.[1]
    return at.mnemonic === 'strb' && zeroed !== undefined && offsets.has(zeroed)
      ? [{ what: 'lazy_leave', at, fetch: '' }]
      : []
  })
}

/** The pair as functions of their own, where the compiler did not inline them: the call is the place. */
const LAZY_CALLS: Readonly<Record<string, string>> = {
  lazy_mmu_mode_enable: 'lazy_enter',
  arch_enter_lazy_mmu_mode: 'lazy_enter',
  lazy_mmu_mode_disable: 'lazy_leave',
  arch_leave_lazy_mmu_mode: 'lazy_leave',
}

function lazyCalls(code: readonly Instruction[]): Site[] {
  return code.flatMap((at) => {
    const what = LAZY_CALLS[/<([\w]+)(?:\.[\w.]+)?>$/.exec(at.operands)?.[1] ?? '']
    return at.mnemonic === 'bl' && what !== undefined ? [{ what, at, fetch: '' }] : []
  })
}

/** The stores through the callback's first argument: `str xV, [xP]` where xP is x0 or was copied from it. */
function storeSites({ name, code }: Disassembled): Site[] {
  const slot = CALLBACKS[sourceName(name)]
  if (slot === undefined) return []
  const pointers = new Set(['0'])
  return code.flatMap((at) => {
    const [, to, from] = /^x(\d{1,2}), x(\d{1,2})$/.exec(at.operands) ?? []
    if (at.mnemonic === 'mov' && to !== undefined && from !== undefined) {
      if (pointers.has(from)) pointers.add(to)
      else pointers.delete(to)
    }
    const value = register(at.operands.split(/,\s*/)[0])
    const pointer = base(at.operands)
    if (at.mnemonic !== 'str' || value === null || pointer === null || !pointers.has(pointer))
      return []
    const fetch = `${slot}=%x${pointer}:x64 before=+0(%x${pointer}):x64 after=%x${value}:x64`
    return [{ what: '_store', at, fetch }]
  })
}

function flushSites({ code }: Disassembled): Site[] {
  return code.flatMap((at) => {
    if (!callsFlush(`${at.mnemonic} ${at.operands}`) || at.mnemonic !== 'bl') return []
    const after = { ...at, offset: at.offset + 4 }
    return [
      { what: 'flush_kernel_range_call', at, fetch: 'start=%x0:x64 end=%x1:x64' },
      { what: 'flush_kernel_range_done', at: after, fetch: '' },
    ]
  })
}

/** `WHAT__FUNCTION`, numbered from the second place on; a callback's store is `FUNCTION_store`. */
function definitionOf(symbol: string, { what, at, fetch }: Site, nth: number): string {
  const fn = sourceName(symbol)
  const name = what === '_store' ? `${fn}_store` : `${what}__${fn.replace(/^_+/, '')}`
  const numbered = nth === 1 ? name : `${name}_${nth}`
  return `p:${numbered} ${symbol}+0x${at.offset.toString(16)} ${fetch}`.trimEnd()
}

/** The probes inside a kernel's own functions, found in their disassembly. `functions` are watched, or call a flush. */
export function sitesIn(functions: readonly Disassembled[]): Sites {
  const flags = functions.map((f) => ({ f, sites: isLazy(f) ? flagSites(f) : [] }))
  const pending = flags.flatMap(({ sites }) => sites).find(clears)?.mask
  const definitions: string[] = []
  const found = new Set<string>()
  const count = new Map<string, number>()
  for (const { f, sites } of flags) {
    const own: Site[] = [...storeSites(f), ...flushSites(f)]
    if (isWatched(f.name)) own.push(...f.code.flatMap((at) => barrierSite(at) ?? []))
    if (isLazy(f)) {
      own.push(...lazyFlags(sites, pending ?? sites[0]?.mask ?? ''))
      own.push(...lazyCounter(f.code), ...lazyCalls(f.code))
    }
    for (const site of own.toSorted((a, b) => a.at.offset - b.at.offset)) {
      const key = `${site.what} ${sourceName(f.name)}`
      const nth = (count.get(key) ?? 0) + 1
      count.set(key, nth)
      found.add(site.what.startsWith('tlbi') ? 'tlbi' : site.what)
      definitions.push(definitionOf(f.name, site, nth))
    }
  }
  return { definitions, missing: missingIn(functions, found) }
}

function missingIn(functions: readonly Disassembled[], found: ReadonlySet<string>): string[] {
  const present = new Set(functions.map(({ name }) => sourceName(name)))
  const storeless = functions
    .filter((f) => sourceName(f.name) in CALLBACKS && storeSites(f).length === 0)
    .map(({ name }) => `the store in ${name}(): no str through its first argument`)
  const outlined = functions
    .filter((f) => isLazy(f) && lazyCalls(f.code).some(({ what }) => what === 'lazy_leave'))
    .map(
      ({ name }) =>
        `the barrier that ends a lazy MMU section in ${name}(): it is in a function of its own`,
    )
  const flush = found.has('tlbi') || found.has('flush_kernel_range_call')
  const lazy = found.has('lazy_enter') || !present.has('update_range_prot')
  return [
    ...storeless,
    ...outlined,
    ...(found.has('dsb_ishst')
      ? []
      : ['barriers after stores: no dsb ishst in any function that is watched']),
    ...(flush
      ? []
      : [`TLB flushes: no call of ${FLUSH}() and no tlbi in any function that is watched`]),
    ...(lazy ? [] : ['lazy MMU sections: neither the thread flag nor the counter was recognised']),
  ]
}
