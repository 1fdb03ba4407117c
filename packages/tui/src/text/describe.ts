import type { Geometry } from '@pagetrail/engine'
import {
  changeText,
  type EventOf,
  type Kind,
  readableGeometry,
  shortText,
  type TraceEvent,
} from '@pagetrail/recorder'
import { hex, safe } from './fit.ts'
import type { Role } from './theme.ts'

/** What an event says in one line of the list. */
export interface Line {
  readonly mark: string
  readonly role: Role
  /** What happened. */
  readonly what: string
  /** Where, and with which values. */
  readonly detail: string
}

type Say<K extends Kind> = (e: EventOf<K>, geometry: Geometry) => Line

const line = (mark: string, role: Role, what: string, detail = ''): Line => ({
  mark,
  role,
  what: safe(what),
  detail: safe(detail),
})

/**
 * `ffff800080010000 +3p`: an address and the number of pages from there. A range that ends before it begins is empty:
 * the kernel starts from ULONG_MAX and 0 where it collects one. An end of 0 is also that of the address space.
 */
export function span(va: bigint | null, end: bigint | null, { pageShift }: Geometry): string {
  if (va === null) return ''
  if (end === null) return hex(va)
  const offset = (1n << BigInt(pageShift)) - 1n
  if (end <= va && (end !== 0n || (va & offset) !== 0n)) return `${hex(va)} empty`
  const size = BigInt.asUintN(64, end - va)
  const rest = size & offset
  const pages = size >> BigInt(pageShift)
  if (pages === 0n) return `${hex(va)} +${rest}B`
  return `${hex(va)} +${pages}p${rest === 0n ? '' : ` ${rest}B`}`
}

const result = (ret: number | null): string =>
  ret === null ? 'returned' : ret === 0 ? '= 0' : `= ${ret}${ERRNO[-ret] ? ` ${ERRNO[-ret]}` : ''}`
const ERRNO: Readonly<Record<number, string>> = { 12: '-ENOMEM', 14: '-EFAULT', 22: '-EINVAL' }

const masks = (set: bigint | undefined, clear: bigint | undefined): string =>
  set === undefined && clear === undefined
    ? ''
    : ` set ${(set ?? 0n).toString(16)} clear ${(clear ?? 0n).toString(16)}`

const enters = (e: EventOf<'lazy_mmu_enter'> | EventOf<'lazy_mmu_leave'>): string =>
  [e.depth === null ? '' : `depth ${e.depth}`, e.ignored ? 'ignored' : '', e.api ?? '', e.fn ?? '']
    .filter((part) => part !== '')
    .join(' ')

const failed = (role: string, e: { fn: string | null }): Line => line('!', 'bad', role, e.fn ?? '')

const SAY: { readonly [K in Kind]: Say<K> } = {
  op_begin: (e, g) => line('▾', 'call', e.fn ?? '?', span(e.va, e.end, g)),
  op_end: (e) => line('└', e.ret ? 'bad' : 'call', e.fn ?? 'call', result(e.ret)),
  walk_begin: (e, g) =>
    line('▾', 'walk', e.fn ?? 'walk', span(e.va, e.end, g) + masks(e.set, e.clear)),
  walk_end: (e) => line('└', e.ret ? 'bad' : 'walk', e.fn ?? 'walk', result(e.ret)),
  span_begin: (e, g) =>
    line('▾', 'walk', e.fn ?? '?', span(e.va, e.end, g) + masks(e.set, e.clear)),
  span_end: (e) =>
    line(
      '└',
      e.ret ? 'bad' : 'walk',
      e.fn ?? '?',
      e.val === undefined ? result(e.ret) : `= ${hex(e.val)}`,
    ),
  cb_enter: (e, g) =>
    line(
      '▾',
      'callback',
      `${e.level ?? '?'} ${e.fn ?? '?'}`,
      span(e.va, e.end, g) + masks(e.set, e.clear),
    ),
  cb_exit: (e) =>
    line(
      '└',
      e.ret ? 'bad' : 'callback',
      `${e.level ?? '?'} ${e.fn ?? '?'}`,
      `${result(e.ret)} ${e.action ?? ''}`,
    ),
  hole: (e, g) => line('·', 'memory', `hole at depth ${e.level ?? '?'}`, span(e.va, e.end, g)),
  desc_write: (e, g) => {
    const same = e.old === e.new
    return line(
      same ? '◇' : '◆',
      same ? 'same' : 'write',
      `${e.level ?? '?'} write`,
      `${hex(e.va)} ${change(e, g)}`,
    )
  },
  desc_read: (e) => line('·', 'callback', `${e.level ?? '?'} read`, `${hex(e.va)} ${hex(e.val)}`),
  table_alloc: (e) =>
    line('+', 'memory', `${e.level ?? '?'} table allocated`, `${hex(e.va)} at ${hex(e.pa)}`),
  table_alloc_fail: (e) => line('!', 'bad', `${e.level ?? '?'} table not allocated`, hex(e.va)),
  table_free: (e) =>
    line('-', 'memory', `${e.level ?? '?'} table freed`, `${hex(e.va)} at ${hex(e.pa)}`),
  lazy_mmu_enter: (e) => line('»', 'barrier', 'lazy MMU enter', enters(e)),
  lazy_mmu_leave: (e) => line('«', 'barrier', 'lazy MMU leave', enters(e)),
  barrier_queue: (e) => line('○', 'barrier', 'barrier queued', e.fn ?? ''),
  barrier: (e) => line('═', 'barrier', 'dsb ishst; isb', e.fn ?? ''),
  dsb: (e) => line('═', 'barrier', `dsb ${e.scope ?? ''}`, e.fn ?? ''),
  dmb: (e) => line('═', 'barrier', `dmb ${e.scope ?? ''}`, e.fn ?? ''),
  isb: (e) => line('═', 'barrier', 'isb', e.fn ?? ''),
  tlb_flush: (e, g) =>
    line(
      '≈',
      'flush',
      e.fn ?? 'flush',
      `${e.va === null ? 'everything' : span(e.va, e.end, g)}${e.by ? ` by ${e.by}` : ''}`,
    ),
  tlb_flush_done: (e) => line('≈', 'flush', `${e.fn ?? 'flush'} done`, e.by ? `by ${e.by}` : ''),
  tlbi: (e) =>
    line(
      '≈',
      'flush',
      `tlbi ${e.insn ?? '?'}`,
      `${e.va === null ? '' : hex(e.va)}${e.pages === null ? '' : ` ${e.pages}p`}${e.by ? ` by ${e.by}` : ''}`,
    ),
  lock: (e) => line('[', 'note', 'lock', `${e.fn ?? '?'} ${e.mode ?? ''}`),
  unlock: (e) => line(']', 'note', 'unlock', `${e.fn ?? '?'} ${e.mode ?? ''}`),
  split: (e) =>
    line(
      '÷',
      'memory',
      `split ${e.level ?? '?'}`,
      `${hex(e.va)} ${e.val === undefined ? '' : hex(e.val)}`,
    ),
  split_end: (e) =>
    line('÷', e.ret ? 'bad' : 'memory', `split ${e.level ?? '?'}`, `${hex(e.va)} ${result(e.ret)}`),
  warn: (e) =>
    line(
      '!',
      e.fired === false ? 'note' : 'bad',
      e.fired === false ? 'WARN (latched)' : 'WARN',
      e.fn ?? '',
    ),
  bad_entry: (e) => line('!', 'bad', `bad ${e.level ?? '?'} entry`, hex(e.desc)),
  livelock: (e) =>
    line(
      '!',
      'bad',
      'livelock',
      `${e.level ?? '?'} ${e.fn ?? ''} ${hex(e.va)} ${e.repeats ?? '?'} times`,
    ),
  wild_deref: (e) => line('!', 'bad', 'wild dereference', `${e.fn ?? ''} ${hex(e.pa)}`),
  bug: (e) => failed('BUG', e),
  too_many_events: () => line('!', 'bad', 'too many events', 'the call was ended'),
  context: (e) => line('@', 'note', 'context', e.fn ?? '?'),
  sleep_in_atomic: (e) =>
    line('!', 'bad', 'sleep in atomic', `${e.fn ?? '?'} in ${e.context ?? '?'}`),
  access: (e) =>
    line(
      '→',
      e.outcome === 'ok' && !e.stale ? 'callback' : 'bad',
      `${e.mode ?? '?'} ${e.outcome ?? '?'}`,
      `${hex(e.va)}${e.stale ? ' stale' : ''}`,
    ),
  tlb_fill: (e, g) => line('→', 'callback', 'TLB holds', `${span(e.va, e.end, g)} ${hex(e.desc)}`),
  tlb_evict: (e) => line('→', 'callback', 'TLB drops', hex(e.va)),
  note: (e) => line('#', 'note', typeof e.text === 'string' ? e.text : JSON.stringify(e.text)),
  gap: (e) =>
    line('!', 'bad', 'events missing here', `${e.lost ?? 'unknown number'} ${e.reason ?? ''}`),
  unreadable: (e) =>
    line('!', 'bad', `line ${e.line ?? '?'} unreadable`, `${e.reason ?? ''}: ${e.text}`),
  ftrace: (e) =>
    line('·', 'note', e.event ?? '?', e.fields === null ? '' : JSON.stringify(e.fields)),
  init: (e) =>
    line(
      '+',
      'memory',
      `initial ${e.level ?? '?'}`,
      `${hex(e.va)} ${hex(e.new)} ${e.count ?? '?'} entries`,
    ),
  area: (e, g) => line('+', 'memory', 'vm area', `${span(e.va, e.end, g)} flags ${hex(e.flags)}`),
}

/** `+RDONLY -DBM`, `none → rw-`, `same`. */
function change({ old, new: now, level }: EventOf<'desc_write'>, geometry: Geometry): string {
  if (old === null || now === null) {
    return `${shortText(old, level, geometry)} → ${shortText(now, level, geometry)}`
  }
  return old === now ? 'same' : changeText(old, now, level, geometry, shortText)
}

function say<K extends Kind>(e: EventOf<K>, geometry: Geometry): Line {
  return SAY[e.kind](e, geometry)
}

/** The event in words; every text is safe to print. */
export const describe = (e: TraceEvent, geometry: Geometry | null): Line =>
  say(e, readableGeometry(geometry))
