import { type LevelName, LOCK_MODES } from '@pagetrail/engine'

import { fn, va, end, level, ret, inFn, lazy, masks, scope } from './shared-fields.ts'
import { bool, type Field, int, json, type KindSpec, name, oneOf, opt, u64 } from './kind-spec.ts'

/**
 * The event vocabulary: one table from which the TypeScript types, the codec, the columns a kind uses, the SQL view
 * of the kind and docs/events.md are made. Kinds and fields are those of the corpus format; what real kernels show
 * besides (spans of inner functions, slots, notes, gaps) extends it.
 *
 * A field names its type, the physical column of `event` that holds it, and whether its absence is shown: without
 * `optional` a missing value is null, with it the field is left out.
 */
export const KINDS = {
  op_begin: {
    id: 1,
    nest: 1,
    doc: 'A top-level call begins.',
    fields: { fn, va, end, args: json('the arguments of the call') },
  },
  op_end: {
    id: 2,
    nest: -1,
    closes: 'op_begin',
    doc: 'It returned. A call that halted has none.',
    fields: { fn, ret },
  },
  walk_begin: {
    id: 3,
    nest: 1,
    doc: 'A walker accepts a range.',
    fields: { fn, va, end, ...masks },
  },
  walk_end: {
    id: 4,
    nest: -1,
    closes: 'walk_begin',
    doc: 'The walker returned.',
    fields: { fn, ret },
  },
  cb_enter: {
    id: 5,
    nest: 1,
    doc: 'A callback of the walk is entered.',
    fields: {
      level,
      fn,
      va,
      end,
      val: opt(u64('old', 'the descriptor on entry')),
      set: opt(u64('new', 'bits to set')),
      clear: opt(u64('aux', 'bits to clear, before setting')),
    },
  },
  cb_exit: {
    id: 6,
    nest: -1,
    closes: 'cb_enter',
    doc: 'The callback returned.',
    fields: {
      level,
      fn,
      va,
      ret,
      action: oneOf('aux', ['subtree', 'continue', 'again'], 'null where the walker ignores it'),
      val: opt(u64('new', 'the descriptor on return')),
    },
  },
  hole: {
    id: 7,
    doc: 'A missing table, or VMA (level null), was reported to pte_hole().',
    fields: { level: { type: 'depth', in: 'level', doc: 'number passed: 0 pgd … 3 pmd' }, va, end },
  },
  desc_write: {
    id: 8,
    doc: 'A store to a page-table entry, also when the value did not change.',
    fields: {
      level,
      va,
      old: u64('old'),
      new: u64('new'),
      slot: opt(u64('aux', 'address of the entry')),
    },
  },
  table_alloc: {
    id: 9,
    doc: 'A table was allocated.',
    fields: { level, va, pa: u64('aux', 'physical address of the table') },
  },
  table_alloc_fail: { id: 10, doc: 'Allocating a table failed.', fields: { level, va } },
  table_free: { id: 11, doc: 'A table was freed.', fields: { level, va, pa: u64('aux') } },
  lazy_mmu_enter: { id: 12, doc: 'Lazy MMU mode was entered.', fields: lazy },
  lazy_mmu_leave: {
    id: 13,
    doc: 'Lazy MMU mode was left; its barrier comes before it.',
    fields: lazy,
  },
  barrier_queue: {
    id: 14,
    doc: 'A barrier was deferred to the end of the lazy section.',
    fields: { fn: inFn },
  },
  barrier: { id: 15, doc: 'dsb(ishst); isb() outside a flush.', fields: { fn: inFn } },
  dsb: {
    id: 16,
    doc: 'A data synchronisation barrier alone.',
    fields: { scope, fn: inFn },
    renamed: { type: 'scope' },
  },
  isb: {
    id: 17,
    doc: 'An instruction synchronisation barrier alone.',
    fields: { fn: inFn },
  },
  tlb_flush: {
    id: 18,
    doc: 'A TLB flush function was called; va null: everything.',
    fields: { fn, va, end, by: opt(name('aux', 'the caller')) },
  },
  tlb_flush_done: {
    id: 19,
    doc: 'The flush function returned (real traces).',
    fields: { fn, by: opt(name('aux', 'the caller')) },
  },
  tlbi: {
    id: 20,
    doc: 'One TLB invalidate instruction.',
    fields: {
      insn: name('fn', 'mnemonic, lower case'),
      va,
      pages: int('size', 'pages covered'),
      scale: int('old'),
      num: int('new'),
      operand: opt(u64('aux', 'raw operand')),
      by: opt(name('ret', 'function it was executed in')),
    },
  },
  lock: {
    id: 21,
    doc: 'A lock was taken.',
    fields: { fn: name('fn', 'the lock'), mode: oneOf('aux', LOCK_MODES) },
  },
  unlock: {
    id: 22,
    doc: 'A lock was released.',
    fields: { fn: name('fn', 'the lock'), mode: oneOf('aux', LOCK_MODES) },
  },
  split: {
    id: 23,
    doc: 'A leaf mapping is about to be split.',
    fields: {
      level,
      va,
      val: opt(u64('old', 'the descriptor passed')),
      cur: opt(u64('new', 'the one in memory, which may have lost its contiguous bit since')),
      slot: opt(u64('aux')),
    },
  },
  split_end: {
    id: 24,
    doc: 'The split returned (real traces).',
    fields: { level, va, ret, val: opt(u64('new', 'the descriptor after')) },
  },
  warn: {
    id: 25,
    doc: 'A WARN site was reached.',
    fields: {
      fn,
      once: bool('old'),
      fired: bool('new', 'false: its once-latch had gone off before'),
    },
  },
  bad_entry: {
    id: 26,
    doc: 'The kernel complained about an entry that is not a table.',
    fields: { level, desc: u64('new') },
  },
  livelock: {
    id: 27,
    halts: true,
    doc: 'The call ended: the same callback on the same entry without end.',
    fields: { level, fn, va, repeats: int('ret') },
  },
  wild_deref: {
    id: 28,
    halts: true,
    doc: 'The call ended: something that is not a table would be followed.',
    fields: { fn, pa: u64('aux') },
  },
  bug: { id: 29, halts: true, doc: 'The call ended: BUG_ON.', fields: { fn } },
  too_many_events: {
    id: 30,
    halts: true,
    doc: 'The call ended: the bound on events was reached.',
    fields: {},
  },
  span_begin: {
    id: 31,
    nest: 1,
    doc: 'A kernel function of interest is entered, below or around a call.',
    fields: { fn, va, end, ...masks, args: opt(json('its other arguments')) },
  },
  span_end: {
    id: 32,
    nest: -1,
    closes: 'span_begin',
    doc: 'It returned; ret null: it returns nothing, or the return was not seen.',
    fields: { fn, ret, val: opt(u64('new', 'a 64-bit return value')) },
  },
  context: {
    id: 33,
    doc: "The CPU's context changed.",
    fields: { fn: name('fn', 'task, bh_off, softirq or irq') },
  },
  sleep_in_atomic: {
    id: 34,
    doc: 'Something that may sleep was done where sleeping is forbidden.',
    fields: { fn, context: oneOf('aux', ['task', 'bh_off', 'softirq', 'irq']) },
  },
  access: {
    id: 35,
    doc: 'A simulated access through the model TLB.',
    fields: {
      mode: oneOf('old', ['read', 'write', 'exec']),
      va,
      outcome: oneOf('new', ['ok', 'fault', 'conflict']),
      stale: bool('aux', 'answered by an entry older than the tables'),
    },
  },
  note: {
    id: 36,
    doc: 'A remark: a trace marker of the workload, or a user’s.',
    fields: { text: json() },
  },
  gap: {
    id: 37,
    doc: 'Events are missing here.',
    fields: { lost: int('ret', 'how many; null: unknown'), reason: name('fn') },
  },
  ftrace: {
    id: 38,
    doc: 'An event of ftrace that Pagetrail has no kind for.',
    fields: { event: name('fn'), fields: json('its fields as they were printed') },
  },
  init: {
    id: 39,
    doc: 'Descriptors present before the first call: entry i is at va + i·size(level), with new + i·pa_step.',
    fields: { level, va, new: u64('new'), count: int('size'), pa_step: u64('aux') },
  },
  area: {
    id: 40,
    doc: 'A vm area, guard page included.',
    fields: { va, end, flags: u64('new'), nr_pages: int('ret'), pages: json('[{pfn,count}]') },
  },
  desc_read: {
    id: 41,
    doc: 'A load of an entry in an interleaved run.',
    fields: { level, va, val: u64('old') },
  },
  tlb_fill: {
    id: 42,
    doc: 'A TLB of the model now holds this translation: of a page, a block, or a contiguous span.',
    fields: { level, va, end, desc: u64('new', 'the descriptor it was built from') },
  },
  tlb_evict: {
    id: 43,
    doc: 'A TLB of the model dropped what it held for an address, without a TLBI.',
    fields: { va },
  },
  dmb: {
    id: 44,
    doc: 'A data memory barrier: orders accesses, waits for none.',
    fields: { scope, fn: inFn },
  },
  unreadable: {
    id: 45,
    doc: 'A line of the input that could not be read.',
    fields: {
      line: int('size', 'its number in the input, from 1'),
      reason: name('fn', 'why it could not be read'),
      text: json('the line, a string'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>

export type Kind = keyof typeof KINDS

/** A JSON value; what `json` fields hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

type Value<F extends Field> = F['type'] extends 'u64' | 'end'
  ? bigint
  : F['type'] extends 'int' | 'depth'
    ? number
    : F['type'] extends 'bool'
      ? boolean
      : F['type'] extends 'level'
        ? LevelName
        : F['type'] extends 'name'
          ? string
          : F['type'] extends 'enum'
            ? F extends { readonly values: readonly (infer V)[] }
              ? V
              : never
            : Json

type Fields<K extends Kind> = {
  -readonly [
    N in keyof (typeof KINDS)[K]['fields'] as (typeof KINDS)[K]['fields'][N] extends {
      readonly optional: true
    }
      ? never
      : N
  ]: (typeof KINDS)[K]['fields'][N] extends Field
    ? Value<(typeof KINDS)[K]['fields'][N]> | null
    : never
} & {
  -readonly [
    N in keyof (typeof KINDS)[K]['fields'] as (typeof KINDS)[K]['fields'][N] extends {
      readonly optional: true
    }
      ? N
      : never
  ]?: (typeof KINDS)[K]['fields'][N] extends Field ? Value<(typeof KINDS)[K]['fields'][N]> : never
}

/** A field that a producer adds to any event: `x_` and up to 60 letters, digits and underscores. */
export type FreeName = `x_${string}`
export const FREE_NAME = /^x_\w{1,60}$/
export const isFreeName = (name: string): name is FreeName => FREE_NAME.test(name)

/** What every event has. */
export interface Common {
  /** Position in its run, from 0, without gaps. */
  readonly seq: number
  readonly cpu: number
  /** Index of the top-level call it belongs to, from 0 in each run; null outside calls. */
  readonly op: number | null
  /** Depth in the call tree of its task: what encloses it, 0 at the top. */
  readonly nest: number
  /** Nanoseconds since the run's first timestamp; null where there is no clock. */
  readonly ts: number | null
  /** `comm-pid` of the task, where known. */
  readonly task: string | null
  /** Where in its source the producer reports it: `pageattr.c:123`. */
  readonly src?: string
  /** What else the producer says of it, by names that Pagetrail does not know: `x_pc`. */
  readonly free?: Readonly<Record<FreeName, Json>>
}

export type EventOf<K extends Kind> = { readonly kind: K } & Common & Readonly<Fields<K>>
/** One recorded event, discriminated by `kind`. */
export type TraceEvent = { [K in Kind]: EventOf<K> }[Kind]

export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[]

const byId: (Kind | undefined)[] = []
for (const kind of KIND_NAMES) byId[KINDS[kind].id] = kind

/** The kind whose id is stored in the database; undefined for an id of a newer version. */
export const kindOfId = (id: number): Kind | undefined => byId[id]

/** Whether a text is the name of a kind. */
export const isKind = (name: Json): name is Kind =>
  typeof name === 'string' && Object.hasOwn(KINDS, name)

/** The fields of a kind in their order, for code that treats all kinds alike. */
export const fieldsOf = (kind: Kind): readonly (readonly [string, Field])[] =>
  Object.entries(KINDS[kind].fields)

/** How a kind moves the call tree: +1 opens, -1 closes, 0 neither. */
export function nestOf(kind: Kind): 0 | 1 | -1 {
  const spec: KindSpec = KINDS[kind]
  return spec.nest ?? 0
}

/** The kind that a closing kind closes. */
export function closes(kind: Kind): Kind {
  const { closes: opening }: KindSpec = KINDS[kind]
  if (opening !== undefined && isKind(opening)) return opening
  throw new TypeError(`${kind} closes no kind`)
}

/** Whether the call on its CPU ends with it, without returning. */
export function halts(kind: Kind): boolean {
  const spec: KindSpec = KINDS[kind]
  return spec.halts === true
}
