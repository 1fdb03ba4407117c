import {
  type Beliefs,
  byHarm,
  count,
  type HeldVersion,
  heldVersions,
  isHarm,
  lackOfDebts,
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
 * Barriers pending, lazy sections open, what the TLBs of the model hold, and TLB flushes owed after an event. What the
 * run does not show is not said to be owed, nor is it said that nothing is. `flushes`: the run shows some flush;
 * `tables`: the page tables of that moment, asked for where {@link needsTables} says that they are compared.
 */
export function ledgerOf(
  { observers, tlb, barriers }: Beliefs,
  flushes: boolean,
  tables: () => PageState,
): readonly LedgerLine[] {
  const lack = lackOfDebts(observers, flushes)
  const isOwed = lack?.mayBePaid !== true
  const held = heldVersions(observers)
    .filter((v) => isHarm(v.relation))
    .toSorted(byHarm)
  const lines = [
    ...barrierLines(barriers),
    ...tlbRows(tlb, tables),
    ...held.slice(0, LISTED).map((version) => heldLine(version, isOwed)),
  ]
  if (held.length > LISTED) {
    lines.push({ text: `and ${count(held.length - LISTED)} more`, owed: isOwed })
  }
  if (lack !== null) return [{ text: lack.text, owed: false }, ...lines]
  return lines.length > 0 ? lines : [{ text: 'no barrier pending, no flush owed', owed: false }]
}

export const needsTables = ({ tlb }: Beliefs): boolean => tlb.isModelled && tlb.entries.length > 0

function heldLine({ va, seq, fn, stage, relation }: HeldVersion, isOwed: boolean): LedgerLine {
  const by = fn === null ? '' : ` by ${safe(fn)}`
  const owed = isOwed ? 'flush owed' : 'flush perhaps owed'
  const text = `${owed} since #${count(seq)}: ${valueText(va)} changed${by}, ${WHY[relation]} (${stage})`
  return { text, owed: isOwed }
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
