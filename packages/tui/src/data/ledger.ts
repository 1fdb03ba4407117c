import {
  type Beliefs,
  byHarm,
  count,
  type HeldVersion,
  heldVersions,
  isHarm,
  many,
  type PageState,
  type Relation,
  valueText,
} from '@pagetrail/recorder'
import type { LedgerLine } from './data.ts'
import { tlbRows } from './tlb-lines.ts'
import { safe } from '../text/fit.ts'

/** Flushes listed one by one. */
const LISTED = 12

/**
 * Barriers pending, lazy sections open, what the TLBs of the model hold, and TLB flushes owed after an event. `tables`:
 * the page tables of that moment, asked for where there is something to compare with them, see {@link needsTables}.
 */
export function ledgerOf(beliefs: Beliefs, tables: () => PageState): readonly LedgerLine[] {
  const { observers, tlb, barriers } = beliefs
  const held = heldVersions(observers)
    .filter((v) => isHarm(v.relation))
    .toSorted(byHarm)
  const lines = [
    ...barrierLines(barriers),
    ...tlbRows(tlb, tables),
    ...held.slice(0, LISTED).map(heldLine),
  ]
  if (held.length > LISTED) {
    lines.push({ text: `and ${count(held.length - LISTED)} more`, owed: true })
  }
  if (lines.length === 0) lines.push({ text: 'no barrier pending, no flush owed', owed: false })
  return lines
}

export const needsTables = ({ tlb }: Beliefs): boolean => tlb.isModelled && tlb.entries.length > 0

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

/** Barriers queued and not yet made, and lazy sections that are open, per CPU. */
function barrierLines(cpus: Beliefs['barriers']): LedgerLine[] {
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
