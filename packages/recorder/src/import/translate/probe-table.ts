import { PMD, PTE, PUD } from '@pagetrail/engine'
import {
  F_ARG0,
  F_ARG1,
  F_ARG2,
  F_CLEAR,
  F_COUNT,
  F_END,
  F_MASK,
  F_NEW,
  F_OLD,
  F_OPERAND,
  F_PAGES,
  F_RET,
  F_SET,
  F_SIZE,
  F_SLOT,
  F_VA,
  F_VAL,
} from './fields.ts'
import { KINDS } from '../../event/kinds.ts'
import { encodeUtf8 } from '../bytes/utf8.ts'
import { knownProbe, type OwnNames } from './own-names.ts'

/** What an event of ftrace is to Pagetrail. */
export type Role =
  /** A function of the API: a call where it is outermost, else a span. */
  | 'api'
  | 'span'
  | 'walk'
  | 'callback'
  | 'split'
  /** The return of any of these; `of` is the entry's role. */
  | 'return'
  | 'store'
  | 'lazy_enter'
  | 'lazy_leave'
  | 'queue'
  | 'dsb'
  | 'isb'
  | 'flush'
  | 'flush_done'
  | 'tlbi'
  | 'note'
  /** perf's own, of tasks and mappings: no event of the kernel. */
  | 'record'
  | 'unknown'

export interface ProbeSpec {
  readonly role: Role
  /** Kernel function: the one entered, or the one that the probe is in. */
  readonly fn: string
  /** Slots of the fields that are numbers with a meaning. */
  readonly fields: Readonly<Record<string, number>>
  /** Fields without which the event means nothing. */
  readonly needs?: readonly string[] | undefined
  readonly of?: Role | undefined
  /** It may come to call the API: it frees or allocates, and KFENCE and vfree() change permissions then. */
  readonly callsApi?: boolean | undefined
  /** KFENCE calls it, from its timer and wherever memory is freed: in the middle of anything. */
  readonly anywhere?: boolean | undefined
  readonly level?: number | undefined
  /** What it says is free text, which may hold line feeds. */
  readonly isText?: boolean | undefined
  /** Arguments to keep as JSON, by name. */
  readonly args?: readonly string[] | undefined
  /** TLBI mnemonic, or the DSB's type. */
  readonly insn?: string | undefined
}

/** What all lines of an event have in common, as bits: what a line has less of than those before it, it has lost. */
export interface LineShape {
  /** Which fields there are: bit i for slot i, above those a bit for each field without a meaning. */
  readonly fields: number
  /** Bit i: in slot i there were addresses of all digits, as the kernel's have, or hexadecimal numbers. */
  readonly wide: number
  /** Bit i: in slot i there was an address with fewer digits, or a number that is not hexadecimal. */
  readonly narrow: number
}

const NO_SHAPE: LineShape = { fields: 0, wide: 0, narrow: 0 }

/** An event name that has been met, resolved. */
export interface MetProbe extends ProbeSpec {
  /** As ftrace prints it. */
  readonly name: string
  /** `fn` without leading underscores: what the names of probes inside functions carry. */
  readonly bare: string
  /** Interned `fn`, and the interned name of the event as Pagetrail knows it. */
  readonly fnId: number
  readonly nameId: number
  readonly insnId: number
  /** What its rows are: of a function within a call. */
  readonly kind: number
  /** Keys of the fields with their slots, in the order in which the kernel prints them. */
  readonly keys: readonly { readonly bytes: Uint8Array; readonly slot: number }[]
  /** How many were seen. */
  count: number
  /** How many characters an address of the kernel has in its lines. */
  readonly addressWidth: number
  /** What its lines look like, as far as they were seen. */
  shape: LineShape
  /** Its first lines had fewer fields than those behind them: they had lost their ends. */
  wasTorn: boolean
}

const RANGE = { start: F_VA, end: F_END }
const MASKS = { set: F_SET, clear: F_CLEAR }
const PAGES = { addr: F_VA, numpages: F_PAGES }
const SIZED = { addr: F_VA, size: F_SIZE }

const LAZY = { mask: F_MASK, count: F_COUNT }

const api = (fields: Record<string, number>): Omit<ProbeSpec, 'fn'> => ({
  role: 'api',
  fields,
  args: Object.keys(fields),
})
const span = (fields: Record<string, number>, args?: string[]): Omit<ProbeSpec, 'fn'> => ({
  role: 'span',
  fields,
  args,
})
const caller = (fields: Record<string, number>, args?: string[]): Omit<ProbeSpec, 'fn'> => ({
  ...span(fields, args),
  callsApi: true,
})
const callback = (level: number, slot: string): Omit<ProbeSpec, 'fn'> => ({
  role: 'callback',
  level,
  fields: { [slot]: F_SLOT, addr: F_VA, next: F_END, val: F_VAL, ...MASKS },
})
const split = (level: number, slot: string): Omit<ProbeSpec, 'fn'> => ({
  role: 'split',
  callsApi: true,
  level,
  fields: { [slot]: F_SLOT, val: F_VAL, cur: F_NEW },
})

/** Functions with a probe at their entry and one, `NAME_ret`, at their return. */
const FUNCTIONS: Readonly<Record<string, Omit<ProbeSpec, 'fn'>>> = {
  set_memory_ro: api(PAGES),
  set_memory_rw: api(PAGES),
  set_memory_nx: api(PAGES),
  set_memory_x: api(PAGES),
  set_memory_valid: { ...api({ ...PAGES, enable: F_ARG0 }), anywhere: true },
  set_direct_map_invalid_noflush: api({ page: F_ARG0 }),
  set_direct_map_default_noflush: api({ page: F_ARG0 }),
  set_direct_map_valid_noflush: {
    ...api({ page: F_ARG0, nr: F_ARG1, valid: F_ARG2 }),
    callsApi: true,
  },
  change_memory_common: span({ ...PAGES, ...MASKS }),
  __change_memory_common: span({ start: F_VA, size: F_SIZE, ...MASKS }),
  update_range_prot: span({ start: F_VA, size: F_SIZE, ...MASKS }),
  __apply_to_page_range: span(SIZED),
  split_kernel_leaf_mapping: caller(RANGE),
  split_kernel_leaf_mapping_locked: caller({ addr: F_VA }),
  vfree: caller({ addr: F_VA }),
  __vunmap_range_noflush: caller(RANGE),
  __vmap_pages_range_noflush: caller({ addr: F_VA, end: F_END }),
  _vm_unmap_aliases: caller({ ...RANGE, flush: F_ARG0 }, ['flush']),
  __purge_vmap_area_lazy: caller({ ...RANGE, full: F_ARG0 }, ['full']),
  bpf_prog_pack_alloc: caller({ size: F_ARG0 }, ['size']),
  bpf_prog_pack_free: caller({ ptr: F_VA, size: F_ARG0 }, ['size']),
  secretmem_fault: caller({}),
  apply_to_page_range: { role: 'walk', fields: SIZED },
  walk_kernel_page_table_range_lockless: { role: 'walk', fields: RANGE },
  change_page_range: callback(PTE, 'pte'),
  pageattr_pte_entry: callback(PTE, 'pte'),
  pageattr_pmd_entry: callback(PMD, 'pmd'),
  pageattr_pud_entry: callback(PUD, 'pud'),
  split_pmd: split(PMD, 'pmdp'),
  split_pud: split(PUD, 'pudp'),
}

/** Returns whose fields mean something else than those of their entries. */
const RETURNS: Readonly<Record<string, Record<string, number>>> = {
  bpf_prog_pack_alloc: { ret: F_VAL },
  split_pmd: { pmdp: F_SLOT, after: F_VAL, ret: F_RET },
  split_pud: { pudp: F_SLOT, after: F_VAL, ret: F_RET },
}

/** Probes inside functions: `WHAT__FUNCTION`, with _2, _3 … for further places of the same function. */
const SITE = /^([a-z0-9_]+?)__(.+?)(?:_\d{1,2})?$/

const SITES: Readonly<Record<string, Omit<ProbeSpec, 'fn'>>> = {
  lazy_enter: { role: 'lazy_enter', fields: LAZY },
  lazy_leave: { role: 'lazy_leave', fields: LAZY },
  lazy_queue: { role: 'queue', fields: {} },
  dsb_ishst: { role: 'dsb', insn: 'ishst', fields: {} },
  dsb_ish: { role: 'dsb', insn: 'ish', fields: {} },
  isb: { role: 'isb', fields: {} },
  flush_kernel_range_call: { role: 'flush', fields: RANGE },
  flush_kernel_range_done: { role: 'flush_done', fields: {} },
}

/** What the event of this name is. Names are ftrace's, without the group. */
export function specOf(name: string): ProbeSpec {
  const entry = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (entry) return { ...entry, fn: name }
  if (name === 'tracing_mark_write' || name === 'print')
    return { role: 'note', fn: '', fields: {}, isText: true }
  if (name.startsWith('PERF_RECORD_')) return { role: 'record', fn: '', fields: {} }
  return returnSpec(name) ?? storeSpec(name) ?? siteSpec(name) ?? unknown(name)
}

/** What trace_printk() prints: as trace-cmd names it, and of a module as the kernel does. */
const PRINTK = /^(?:bprint|bputs|\S+ \[\w+\])$/

const unknown = (name: string): ProbeSpec => ({
  role: 'unknown',
  fn: name,
  fields: {},
  isText: PRINTK.test(name),
})

/** `X_ret`; perf probe names the return of X `X__return`, others `X__exit`. */
const RETURN = /^(.+?)(?:_ret|__return|__exit)$/

function returnSpec(name: string): ProbeSpec | undefined {
  const fn = RETURN.exec(name)?.[1]
  const entry = fn !== undefined && Object.hasOwn(FUNCTIONS, fn) ? FUNCTIONS[fn] : undefined
  if (fn === undefined || !entry) return undefined
  const fields = (Object.hasOwn(RETURNS, fn) ? RETURNS[fn] : undefined) ?? {
    ...entry.fields,
    ret: F_RET,
  }
  return { role: 'return', of: entry.role, fn, fields, level: entry.level }
}

function storeSpec(name: string): ProbeSpec | undefined {
  const fn = /^(.+)_store(?:_\d{1,2})?$/.exec(name)?.[1]
  if (fn === undefined) return undefined
  const entry = Object.hasOwn(FUNCTIONS, fn) ? FUNCTIONS[fn] : undefined
  if (entry?.role !== 'callback') return undefined
  const slot = Object.keys(entry.fields)[0]!
  const fields = { [slot]: F_SLOT, before: F_OLD, after: F_NEW }
  return { role: 'store', fn, level: entry.level, fields, needs: ['before', 'after'] }
}

function siteSpec(name: string): ProbeSpec | undefined {
  const [, what, fn] = SITE.exec(name) ?? []
  if (what === undefined || fn === undefined) return undefined
  const insn = /^tlbi_([a-z0-9]+)$/.exec(what)?.[1]
  if (insn !== undefined) return { role: 'tlbi', insn, fn, fields: { op: F_OPERAND } }
  const site = Object.hasOwn(SITES, what) ? SITES[what] : undefined
  return site && { ...site, fn }
}

/** The functions whose probes have a meaning. */
export const PROBED_FUNCTIONS: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS))

/** Kinds of the rows of each role: of a function its entry, and its return. */
const KIND_IDS: Partial<Readonly<Record<Role, { readonly id: number; readonly end?: number }>>> = {
  api: { id: KINDS.span_begin.id },
  span: { id: KINDS.span_begin.id },
  walk: { id: KINDS.walk_begin.id, end: KINDS.walk_end.id },
  callback: { id: KINDS.cb_enter.id, end: KINDS.cb_exit.id },
  split: { id: KINDS.split.id, end: KINDS.split_end.id },
  store: { id: KINDS.desc_write.id },
  lazy_enter: { id: KINDS.lazy_mmu_enter.id },
  lazy_leave: { id: KINDS.lazy_mmu_leave.id },
  queue: { id: KINDS.barrier_queue.id },
  dsb: { id: KINDS.dsb.id },
  isb: { id: KINDS.isb.id },
  flush: { id: KINDS.tlb_flush.id },
  flush_done: { id: KINDS.tlb_flush_done.id },
  tlbi: { id: KINDS.tlbi.id },
  note: { id: KINDS.note.id },
}

function kindOf({ role, of }: ProbeSpec): number {
  if (role !== 'return') return KIND_IDS[role]?.id ?? KINDS.ftrace.id
  return (of && KIND_IDS[of]?.end) ?? KINDS.span_end.id
}

/** `0x` with 16 digits; the operand of a TLBI has VA[55:12], that of one on a range its granule above less of it. */
function addressWidth({ role, insn = '' }: ProbeSpec): number {
  if (role !== 'tlbi') return 18
  return insn.startsWith('r') ? 14 : 13
}

const NONE_OWN: OwnNames = new Map()

/** Resolves an event name once, so that its events cost no lookups. */
export function makeProbe(
  name: string,
  intern: (text: string) => number,
  names: OwnNames = NONE_OWN,
  shape = NO_SHAPE,
): MetProbe {
  const spec = specOf(knownProbe(name, names))
  const { fields } = spec
  // All probes have the same properties in the same order: what reads them is compiled for that.
  return {
    role: spec.role,
    fn: spec.fn,
    fields,
    needs: spec.needs,
    of: spec.of,
    callsApi: spec.callsApi,
    anywhere: spec.anywhere,
    level: spec.level,
    isText: spec.isText,
    args: spec.args,
    insn: spec.insn,
    name,
    bare: spec.fn.replace(/^_+/, ''),
    fnId: intern(spec.fn),
    // The same event whatever the tree calls the function that it is in.
    nameId: intern(knownProbe(name, names)),
    insnId: spec.insn === undefined ? -1 : intern(spec.insn),
    keys: Object.entries(fields).map(([key, slot]) => ({ bytes: encodeUtf8(key), slot })),
    count: 0,
    addressWidth: addressWidth(spec),
    kind: kindOf(spec),
    shape,
    wasTorn: false,
  }
}
