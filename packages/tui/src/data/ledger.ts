import {
  byHarm,
  type EventSource,
  type HeldVersion,
  isHarm,
  type PageState,
  readableGeometry,
  type Relation,
  runGeometry,
  TlbFold,
  valueText,
  versionsAt,
  count,
  many,
} from '@pagetrail/recorder'
import type { LedgerLine } from './data.ts'
import { tlbRows } from './tlb-lines.ts'
import { safe } from '../text/fit.ts'

/** How far back the pane looks for what is still owed; a debt older than that belongs to `pagetrail check`. */
const LOOK_BACK = 50_000
/** Flushes listed one by one. */
const LISTED = 12

/**
 * Barriers pending, lazy sections open, what the TLBs of the model hold, and TLB flushes owed after an event. `tables`:
 * the page tables of that moment, asked for where there is something to compare with them.
 */
export function ledgerAt(
  source: EventSource,
  seq: number,
  tables: () => PageState,
): readonly LedgerLine[] {
  const from = Math.max(0, seq - LOOK_BACK)
  const recent: EventSource = {
    run: source.run,
    calls: () => source.calls(),
    events: (low = 0, high = seq) => source.events(Math.max(from, low), high),
  }
  const held = versionsAt(recent, seq)
    .filter((v) => isHarm(v.relation))
    .toSorted(byHarm)
  const tlb = new TlbFold(readableGeometry(runGeometry(source.run)).pageShift)
  const lines = [
    ...barriers(recent, seq, tlb),
    ...tlbRows(tlb, tables),
    ...held.slice(0, LISTED).map(heldLine),
  ]
  if (held.length > LISTED) {
    lines.push({ text: `and ${count(held.length - LISTED)} more`, owed: true })
  }
  if (lines.length === 0) lines.push({ text: 'no barrier pending, no flush owed', owed: false })
  if (from > 0) lines.push({ text: `(from the last ${count(LOOK_BACK)} events)`, owed: false })
  return lines
}

function heldLine({ va, seq, fn, stage, relation }: HeldVersion): LedgerLine {
  const by = fn === null ? '' : ` by ${safe(fn)}`
  const text = `flush owed since #${count(seq)}: ${valueText(va)} changed${by}, ${WHY[relation]} (${stage})`
  return { text, owed: true }
}

const WHY: Readonly<Record<Relation, string>> = {
  'wrong-place': 'TLBs may lead elsewhere',
  'too-much': 'TLBs may allow more',
  'too-little': 'TLBs may refuse more',
  'other-size': 'TLBs may hold another size',
  equal: 'TLBs hold the same',
  unknown: 'not known beside what',
}

interface Lane {
  queued: number
  since: number
  depth: number
}

/** Barriers queued and not yet made, and lazy sections that are open, per CPU; the TLBs are folded on the way. */
function barriers(source: EventSource, seq: number, tlb: TlbFold): LedgerLine[] {
  const cpus = new Map<number, Lane>()
  for (const e of source.events(0, seq)) {
    tlb.apply(e)
    let cpu = cpus.get(e.cpu)
    if (!cpu) cpus.set(e.cpu, (cpu = { queued: 0, since: 0, depth: 0 }))
    if (e.kind === 'barrier_queue') {
      if (cpu.queued === 0) cpu.since = e.seq
      cpu.queued++
    } else if (e.kind === 'barrier' || (e.kind === 'dsb' && e.scope !== null)) cpu.queued = 0
    else if (e.kind === 'lazy_mmu_enter') cpu.depth = e.depth ?? cpu.depth + 1
    else if (e.kind === 'lazy_mmu_leave') cpu.depth = e.depth ?? Math.max(0, cpu.depth - 1)
  }
  const lines: LedgerLine[] = []
  for (const [id, { queued, since, depth }] of [...cpus].toSorted(([a], [b]) => a - b)) {
    if (depth > 0) lines.push({ text: `cpu ${id}: in lazy MMU mode, depth ${depth}`, owed: false })
    if (queued > 0) {
      lines.push({
        text: `cpu ${id}: ${many(queued, 'barrier')} pending since #${count(since)}`,
        owed: true,
      })
    }
  }
  return lines
}
