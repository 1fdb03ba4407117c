import { BIT, LEVEL_NAMES, type LevelName } from '@pagetrail/engine'

import { hasBit } from '../descriptor/bits.ts'
import { formOf } from '../descriptor/text.ts'
import { evidenceOf } from '../event/evidence.ts'
import { kernelShows } from '../event/kernel-shows.ts'
import type { EventOf, Kind, TraceEvent } from '../event/kinds.ts'
import { pageShiftOf, type Run, type RunGeometry } from '../event/run.ts'

/** One thing that a run may exercise. */
export interface CoveragePoint {
  readonly group: string
  readonly name: string
  /** How often; null: the run cannot show it. */
  readonly count: number | null
  /** seq of the first event that did. */
  readonly first: number | null
}

/** Groups in the order in which they are shown, with the kind of event that shows them, and all their points. */
const GROUPS = {
  callbacks: { kind: 'cb_enter', points: ['pgd', 'p4d', 'pud', 'pmd', 'pte', 'folded level'] },
  actions: { kind: 'cb_exit', points: ['subtree', 'continue', 'again', 'error'] },
  holes: { kind: 'hole', points: ['pgd', 'p4d', 'pud', 'pmd', 'no VMA'] },
  stores: { kind: 'desc_write', points: ['pgd', 'p4d', 'pud', 'pmd', 'pte', 'redundant'] },
  entries: {
    kind: 'desc_write',
    points: [
      'page',
      'contiguous page',
      'pmd block',
      'contiguous pmd block',
      'pud block',
      'table',
      'empty',
      'invalid',
      'present-invalid',
      'reserved',
    ],
  },
  splits: { kind: 'split', points: ['pud', 'contpmd', 'pmd', 'contpte'] },
  'lazy MMU': { kind: 'lazy_mmu_enter', points: ['section', 'nested', 'ignored', 'paused'] },
  flushes: { kind: 'tlb_flush', points: ['nothing', 'one page', 'range', 'everything'] },
  TLBI: { kind: 'tlbi', points: ['by page', 'by range', 'everything'] },
  tables: { kind: 'table_alloc', points: ['allocated', 'allocation failed', 'freed'] },
  results: {
    kind: 'op_end',
    points: ['0', '-EINVAL', '-ENOMEM', '-EBUSY', 'other', 'did not return'],
  },
  complaints: {
    kind: 'warn',
    points: ['warning', 'warning suppressed', 'bad entry', 'livelock', 'wild_deref', 'bug'],
  },
} as const satisfies Readonly<Record<string, { kind: Kind; points: readonly string[] }>>
type Group = keyof typeof GROUPS

const ERRNO: Readonly<Record<number, string>> = {
  0: '0',
  [-22]: '-EINVAL',
  [-12]: '-ENOMEM',
  [-16]: '-EBUSY',
}

/** Folds what a run exercised; see {@link points}. */
export class Coverage {
  private readonly found = new Map<string, { count: number; first: number }>()
  private readonly shown: ReadonlySet<Kind>
  private readonly folded: ReadonlySet<LevelName>
  private readonly pageSize: bigint
  private open = 0

  constructor(run: Pick<Run, 'source' | 'facts' | 'flavour' | 'geometry'>) {
    const shown = new Set(evidenceOf(run).kinds)
    // The walker's action is in no argument that a probe could read.
    if (run.source === 'ftrace') shown.delete('cb_exit')
    // Inlined in 6.12: the instructions are seen, not the function.
    if (run.source === 'ftrace' && kernelShows(run).inlinesFlushes) shown.delete('tlb_flush')
    this.shown = shown
    this.folded = foldedLevels(run.geometry)
    this.pageSize = 1n << BigInt(pageShiftOf(run))
  }

  add(event: TraceEvent): void {
    switch (event.kind) {
      case 'op_begin':
        this.open++
        break
      case 'op_end':
        this.open--
        this.hit('results', event.ret === null ? 'other' : (ERRNO[event.ret] ?? 'other'), event)
        break
      case 'cb_enter':
        if (event.level !== null) this.hit('callbacks', event.level, event)
        if (event.level !== null && this.folded.has(event.level))
          this.hit('callbacks', 'folded level', event)
        break
      case 'cb_exit':
        if (event.action !== null) this.hit('actions', event.action, event)
        if (event.ret !== null && event.ret !== 0) this.hit('actions', 'error', event)
        break
      case 'hole':
        this.hit(
          'holes',
          event.level === null ? 'no VMA' : (LEVEL_NAMES[event.level] ?? 'pgd'),
          event,
        )
        break
      case 'desc_write':
        this.store(event)
        break
      case 'split':
        if (event.level !== null) this.hit('splits', event.level, event)
        break
      case 'lazy_mmu_enter':
        this.lazy(event)
        break
      case 'tlb_flush':
        this.flush(event)
        break
      case 'tlbi':
        this.hit('TLBI', invalidated(event), event)
        break
      case 'table_alloc':
        this.hit('tables', 'allocated', event)
        break
      case 'table_alloc_fail':
        this.hit('tables', 'allocation failed', event)
        break
      case 'table_free':
        this.hit('tables', 'freed', event)
        break
      case 'warn':
        this.hit('complaints', event.fired === false ? 'warning suppressed' : 'warning', event)
        break
      case 'bad_entry':
        this.hit('complaints', 'bad entry', event)
        break
      case 'livelock':
      case 'wild_deref':
      case 'bug':
        this.hit('complaints', event.kind, event)
        this.hit('results', 'did not return', event)
        break
      default:
    }
  }

  /** Every point there is, also those that were not exercised. */
  points(): CoveragePoint[] {
    return (Object.keys(GROUPS) as Group[]).flatMap((group) => {
      const { kind, points } = GROUPS[group]
      const shown = this.shown.has(kind)
      return points.map((name): CoveragePoint => {
        const hit = this.found.get(`${group} ${name}`)
        return { group, name, count: hit?.count ?? (shown ? 0 : null), first: hit?.first ?? null }
      })
    })
  }

  private hit(group: Group, name: string, event: TraceEvent): void {
    const key = `${group} ${name}`
    const hit = this.found.get(key)
    if (hit) hit.count++
    else this.found.set(key, { count: 1, first: event.seq })
  }

  private store(event: EventOf<'desc_write'>): void {
    if (event.level === null) return
    this.hit('stores', event.level, event)
    if (event.old !== null && event.old === event.new) this.hit('stores', 'redundant', event)
    for (const desc of event.old === event.new ? [event.new] : [event.old, event.new]) {
      if (desc !== null) this.hit('entries', entryKind(desc, event.level), event)
    }
  }

  private lazy(event: EventOf<'lazy_mmu_enter'>): void {
    if (event.api === 'pause') this.hit('lazy MMU', 'paused', event)
    else if (event.ignored) this.hit('lazy MMU', 'ignored', event)
    else this.hit('lazy MMU', (event.depth ?? 1) > 1 ? 'nested' : 'section', event)
  }

  private flush(event: EventOf<'tlb_flush'>): void {
    const { va, end } = event
    if (va === null || end === null) {
      this.hit('flushes', 'everything', event)
      return
    }
    const size = BigInt.asUintN(64, end - va)
    this.hit(
      'flushes',
      size === 0n ? 'nothing' : size <= this.pageSize ? 'one page' : 'range',
      event,
    )
  }
}

/** What a descriptor is at its level. */
function entryKind(desc: bigint, level: LevelName): string {
  const form = formOf(desc, level)
  if (form === 'none') return 'empty'
  if (form !== 'page' && form !== 'block') return form
  const isPud = form === 'block' && level === 'pud'
  // No architecture has blocks above.
  if (form === 'block' && !isPud && level !== 'pmd' && level !== 'contpmd') return 'reserved'
  const text = form === 'page' ? form : `${isPud ? 'pud' : 'pmd'} block`
  return hasBit(desc, BIT.CONT) && !isPud ? `contiguous ${text}` : text
}

/** `vmalle1is` names no address; where another has none, it was not seen. */
function invalidated({ insn, pages }: EventOf<'tlbi'>): string {
  if (insn?.startsWith('vmall')) return 'everything'
  return (pages ?? 1) > 1 ? 'by range' : 'by page'
}

/** Levels whose entry is that of another name: PTRS is 1 (pgtable-nop*.h). */
function foldedLevels(geometry: RunGeometry | null): ReadonlySet<LevelName> {
  const missing = geometry === null ? 0 : 5 - geometry.levels
  return new Set((['p4d', 'pud', 'pmd'] as const).slice(0, missing))
}
