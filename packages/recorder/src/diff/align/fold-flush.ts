import { FlushGroup } from '../../event/flush-group.ts'
import { type EventOf, type Kind, KINDS, type TraceEvent } from '../../event/kinds.ts'
import { signedVa } from '../../event/words.ts'
import { coveredBy } from '../../observers/flushes.ts'
import { PAGE_LIMIT, vaOf } from '../../observers/page-numbers.ts'
import { HAS, T, type Tokens } from './tokens.ts'

/**
 * Makes of a real kernel's single instructions what other sources report as one event, a barrier or a flush of what the
 * operands cover. Where the flush itself is an event, nothing of this happens.
 */
export class FlushFolder {
  /** The flush's row, its range so far, and whether the last event changed it. */
  row = 0
  va = 0
  end = 0
  changed = false
  private readonly active: boolean
  private readonly showsTlbi: boolean
  private readonly step: number
  private readonly group = new FlushGroup()

  /** `step`: 4K pages in one of the granule. */
  constructor(shown: ReadonlySet<Kind>, step: number) {
    this.active = shown.has('dsb') && shown.has('tlb_flush')
    this.showsTlbi = shown.has('tlbi')
    this.step = step
  }

  reset(): void {
    this.group.reset()
  }

  /** True where the event has become part of an earlier one; the caller then places the range if it changed. */
  takes(event: TraceEvent, tokens: Tokens): boolean {
    this.changed = false
    if (!this.active) return false
    const part = this.group.take(event)
    switch (part) {
      case 'head':
        // Encoded as itself; what follows shows what it is.
        this.row = tokens.length
        tokens.pinned = this.row
        return false
      case 'barrier':
        become(tokens, this.row, 'barrier', 0)
        putLeaveAfter(tokens)
        return true
      case 'first':
      case 'more':
        if (event.kind === 'tlbi') {
          this.cover(event, tokens, part === 'first')
          if (!this.showsTlbi) tokens.setAside(event.seq)
        }
        return true
      case 'end':
        tokens.pinned = Number.POSITIVE_INFINITY
        return true
      case 'passing':
        return false
      default:
        tokens.pinned = Number.POSITIVE_INFINITY
        return false
    }
  }

  private cover(event: EventOf<'tlbi'>, tokens: Tokens, first: boolean): void {
    const covered = coveredBy(event, this.step)
    const hasRange = covered !== null && covered.end < PAGE_LIMIT
    if (first) {
      // Without a range: everything, as flush_tlb_all's.
      become(tokens, this.row, 'tlb_flush', hasRange ? HAS.VA | HAS.SIZE : 0)
      if (hasRange) this.va = this.end = signedVa(vaOf(covered.start))
    }
    if (!hasRange || !tokens.has(this.row, HAS.VA)) return
    this.end = Math.max(this.end, signedVa(vaOf(covered.end)))
    this.changed = true
  }
}

function become(tokens: Tokens, i: number, kind: 'barrier' | 'tlb_flush', has: number): void {
  const { id } = KINDS[kind]
  const row = tokens.at(i)
  tokens.words.fill(0, row, row + T.NAME + 1)
  tokens.words[row] = id
  tokens.words[row + T.HAS] = has
  tokens.fields[id]! |= has
}

const LEAVE = KINDS.lazy_mmu_leave.id
const FTRACE = KINDS.ftrace.id

/**
 * Leaving a section is reported once it is over, its barrier before. Kernels that count sections are probed where the
 * count goes down, ahead of the barrier: there the leave, if it is what came last, is moved behind.
 */
function putLeaveAfter(tokens: Tokens): void {
  const i = tokens.lastBefore(tokens.length - 1, FTRACE)
  if (i >= 0 && tokens.kindAt(i) === LEAVE) tokens.moveToEnd(i)
}
