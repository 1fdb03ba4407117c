import type { Geometry } from '@pagetrail/engine'

import { readableGeometry } from '../descriptor/bits.ts'
import { changeText, maskText, shortText } from '../descriptor/text.ts'
import type { EventOf, Kind, TraceEvent } from '../event/kinds.ts'
import { errnoText, factText, rangeText, escapeControls, valueText } from './value.ts'

/** What sort of thing an event is, for whoever gives it a colour. */
export type EventSort =
  | 'call'
  | 'walk'
  | 'callback'
  | 'write'
  | 'same'
  | 'barrier'
  | 'flush'
  | 'memory'
  | 'bad'
  | 'note'

/** An event in words, the same in every listing; safe to print. */
export interface EventWords {
  /** One sign: `▾` opens, `└` closes, `◆` is a store that changes something. */
  readonly mark: string
  readonly sort: EventSort
  /** What happened. */
  readonly what: string
  /** Where, and with which values. */
  readonly detail: string
}

type Part = string | null | undefined | false

const words = (mark: string, sort: EventSort, what: string, ...parts: Part[]): EventWords => ({
  mark,
  sort,
  what: escapeControls(what),
  detail: escapeControls(parts.filter(Boolean).join(' ')),
})

const bad = (what: string, ...parts: Part[]): EventWords => words('!', 'bad', what, ...parts)

/** What opens, and what closes it with a return value. */
const opens = (sort: EventSort, what: string | null, ...parts: Part[]): EventWords =>
  words('▾', sort, what ?? '?', ...parts)
const closes = (
  sort: EventSort,
  what: string | null,
  ret: number | null,
  ...more: Part[]
): EventWords =>
  words('└', ret ? 'bad' : sort, what ?? '?', ret === null ? 'returned' : resultOf(ret), ...more)
const resultOf = (ret: number): string => `= ${errnoText(ret)}`

type Range = { readonly va: bigint | null; readonly end: bigint | null }
const range = ({ va, end }: Range, geometry: Geometry) => rangeText(va, end, geometry)

/** `set RDONLY clear DBM`. */
const masks = (e: { readonly set?: bigint; readonly clear?: bigint }, geometry: Geometry) =>
  e.set !== undefined || e.clear !== undefined
    ? `set ${maskText(e.set ?? 0n, geometry)} clear ${maskText(e.clear ?? 0n, geometry)}`
    : ''

const lazy = (
  mark: string,
  what: string,
  { depth, ignored, api, fn }: EventOf<'lazy_mmu_enter'> | EventOf<'lazy_mmu_leave'>,
): EventWords =>
  words(mark, 'barrier', what, depth !== null && `depth ${depth}`, ignored && 'ignored', api, fn)

const by = (caller: string | undefined): Part => caller && `by ${caller}`
const at = (level: string | null, what: string): string => `${level ?? '?'} ${what}`

const SAY: {
  readonly [K in Kind]: (e: EventOf<K>, geometry: Geometry) => EventWords
} = {
  op_begin: (e, g) => opens('call', e.fn, range(e, g)),
  op_end: (e) => closes('call', e.fn, e.ret),
  walk_begin: (e, g) => opens('walk', e.fn, range(e, g), masks(e, g)),
  walk_end: (e) => closes('walk', e.fn, e.ret),
  span_begin: (e, g) => opens('walk', e.fn, range(e, g), masks(e, g)),
  span_end: (e) =>
    e.val === undefined
      ? closes('walk', e.fn, e.ret)
      : words('└', e.ret ? 'bad' : 'walk', e.fn ?? '?', `= ${valueText(e.val)}`),
  cb_enter: (e, g) => opens('callback', at(e.level, e.fn ?? '?'), range(e, g), masks(e, g)),
  cb_exit: (e) => closes('callback', at(e.level, e.fn ?? '?'), e.ret, e.action),
  hole: (e, g) =>
    words(
      '·',
      'memory',
      e.level === null ? 'hole of no VMA' : `hole at depth ${e.level}`,
      range(e, g),
    ),
  desc_write: (e, g) => {
    const [mark, sort] = e.old === e.new ? (['◇', 'same'] as const) : (['◆', 'write'] as const)
    return words(mark, sort, at(e.level, 'write'), valueText(e.va), change(e, g))
  },
  desc_read: (e) => words('·', 'callback', at(e.level, 'read'), valueText(e.va), valueText(e.val)),
  table_alloc: (e) =>
    words('+', 'memory', at(e.level, 'table allocated'), valueText(e.va), `at ${valueText(e.pa)}`),
  table_alloc_fail: (e) => bad(at(e.level, 'table not allocated'), valueText(e.va)),
  table_free: (e) =>
    words('-', 'memory', at(e.level, 'table freed'), valueText(e.va), `at ${valueText(e.pa)}`),
  lazy_mmu_enter: (e) => lazy('»', 'lazy MMU enter', e),
  lazy_mmu_leave: (e) => lazy('«', 'lazy MMU leave', e),
  barrier_queue: (e) => words('○', 'barrier', 'barrier queued', e.fn),
  barrier: (e) => words('═', 'barrier', 'dsb ishst; isb', e.fn),
  dsb: (e) => words('═', 'barrier', `dsb ${e.scope ?? '?'}`, e.fn),
  dmb: (e) => words('═', 'barrier', `dmb ${e.scope ?? '?'}`, e.fn),
  isb: (e) => words('═', 'barrier', 'isb', e.fn),
  tlb_flush: (e, g) =>
    words('≈', 'flush', e.fn ?? 'flush', e.va === null ? 'everything' : range(e, g), by(e.by)),
  tlb_flush_done: (e) => words('≈', 'flush', `${e.fn ?? 'flush'} done`, by(e.by)),
  tlbi: (e) =>
    words(
      '≈',
      'flush',
      `tlbi ${e.insn ?? '?'}`,
      e.va !== null && valueText(e.va),
      e.pages !== null && `${e.pages}p`,
      by(e.by),
    ),
  lock: (e) => words('[', 'note', 'lock', e.fn ?? '?', e.mode),
  unlock: (e) => words(']', 'note', 'unlock', e.fn ?? '?', e.mode),
  split: (e) =>
    words(
      '÷',
      'memory',
      `split ${e.level ?? '?'}`,
      valueText(e.va),
      e.val !== undefined && valueText(e.val),
    ),
  split_end: (e) =>
    words(
      '÷',
      e.ret ? 'bad' : 'memory',
      `split ${e.level ?? '?'}`,
      valueText(e.va),
      e.ret === null ? 'returned' : resultOf(e.ret),
    ),
  warn: (e) => (e.fired === false ? words('!', 'note', 'WARN (latched)', e.fn) : bad('WARN', e.fn)),
  bad_entry: (e) => bad(`bad ${e.level ?? '?'} entry`, valueText(e.desc)),
  livelock: (e) =>
    bad('livelock', e.level ?? '?', e.fn, valueText(e.va), `${e.repeats ?? '?'} times`),
  wild_deref: (e) => bad('wild dereference', e.fn, valueText(e.pa)),
  bug: (e) => bad('BUG', e.fn),
  too_many_events: () => bad('too many events', 'the call was ended'),
  context: (e) => words('@', 'note', 'context', e.fn ?? '?'),
  sleep_in_atomic: (e) => bad('sleep in atomic', e.fn ?? '?', `in ${e.context ?? '?'}`),
  access: (e) =>
    words(
      '→',
      e.outcome === 'ok' && !e.stale ? 'callback' : 'bad',
      `${e.mode ?? '?'} ${e.outcome ?? '?'}`,
      valueText(e.va),
      e.stale && 'stale',
    ),
  tlb_fill: (e, g) => words('→', 'callback', 'TLB holds', range(e, g), valueText(e.desc)),
  tlb_evict: (e) => words('→', 'callback', 'TLB drops', valueText(e.va)),
  note: (e) => words('#', 'note', factText(e.text)),
  gap: (e) => bad('events missing here', `${e.lost ?? 'unknown number'}`, e.reason),
  unreadable: (e) =>
    bad(`line ${e.line ?? '?'} unreadable`, `${e.reason ?? ''}: ${factText(e.text)}`),
  ftrace: (e) => words('·', 'note', e.event ?? '?', e.fields !== null && factText(e.fields)),
  init: (e) =>
    words(
      '+',
      'memory',
      `initial ${e.level ?? '?'}`,
      valueText(e.va),
      valueText(e.new),
      `${e.count ?? '?'} entries`,
    ),
  area: (e, g) => words('+', 'memory', 'vm area', range(e, g), `flags ${valueText(e.flags)}`),
}

/** `+RDONLY -DBM`, `none → rw-`, `same`. */
function change({ old, new: now, level }: EventOf<'desc_write'>, geometry: Geometry): string {
  if (old === null || now === null) {
    return `${shortText(old, level, geometry)} → ${shortText(now, level, geometry)}`
  }
  return old === now ? 'same' : changeText(old, now, level, geometry, shortText)
}

const say = <K extends Kind>(e: EventOf<K>, geometry: Geometry): EventWords =>
  SAY[e.kind](e, geometry)

/** The event in words, its addresses and descriptors read with the geometry of its run. */
export const eventWords = (e: TraceEvent, geometry: Geometry | null): EventWords =>
  say(e, readableGeometry(geometry))

/** The same on one line: `◆ pte write 0xffff8000c0000000 +RDONLY -DBM`. */
export function eventText(e: TraceEvent, geometry: Geometry | null): string {
  const { mark, what, detail } = eventWords(e, geometry)
  return `${mark} ${what} ${detail}`.trimEnd()
}
