import { type Kind, KINDS, type TraceEvent } from '../../event/kinds.ts'
import { signedVa } from '../../event/words.ts'
import { HAS, T, TOKEN_WORDS, type Tokens } from './tokens.ts'

const PAGE = 4096
/** What may come between two instructions of a flush without being part of it. */
const PASSING: ReadonlySet<Kind> = new Set(['context', 'ftrace'])

/**
 * Makes of a real kernel's single instructions what other sources report as one event: `dsb ishst; isb` is a barrier,
 * and `dsb ishst; tlbi …; dsb ish; isb` is a flush of what the operands cover (an erratum's second TLBI and DSB
 * included). Where the flush itself is an event, nothing of this happens.
 */
export class FlushFolder {
  /** First word of the flush's row, its range so far, and whether the last event changed it. */
  row = 0
  va = 0
  end = 0
  changed = false
  private readonly active: boolean
  private readonly showsTlbi: boolean
  private state: 'idle' | 'dsb' | 'flush' = 'idle'

  constructor(shown: ReadonlySet<Kind>) {
    this.active = shown.has('dsb') && shown.has('tlb_flush')
    this.showsTlbi = shown.has('tlbi')
  }

  reset(): void {
    this.state = 'idle'
  }

  /** True where the event has become part of an earlier one; the caller then places the range if it changed. */
  takes(event: TraceEvent, tokens: Tokens): boolean {
    this.changed = false
    if (!this.active || PASSING.has(event.kind)) return false
    if (event.kind === 'dsb') {
      if (this.state === 'flush') return true
      // Encoded as itself; what follows tells what it is.
      if (event.scope === 'ishst') {
        this.state = 'dsb'
        this.row = tokens.length * TOKEN_WORDS
      }
      return false
    }
    const { state } = this
    if (event.kind === 'tlbi' && state !== 'idle') {
      this.cover(event, tokens, state === 'dsb')
      if (!this.showsTlbi) tokens.setAside(event.seq)
      return true
    }
    this.state = 'idle'
    if (event.kind !== 'isb' || state === 'idle') return false
    if (state === 'dsb') {
      become(tokens, this.row, 'barrier', 0)
      putLeaveAfter(tokens)
    }
    return true
  }

  private cover(event: TraceEvent & { kind: 'tlbi' }, tokens: Tokens, first: boolean): void {
    if (first) {
      this.state = 'flush'
      this.changed = true
      if (event.va === null) {
        // Everything: an address-less flush, as flush_tlb_all's.
        become(tokens, this.row, 'tlb_flush', 0)
        this.changed = false
        return
      }
      become(tokens, this.row, 'tlb_flush', HAS.VA | HAS.SIZE)
      this.va = signedVa(event.va)
      this.end = this.va
    }
    if (event.va === null || !(tokens.words[this.row + T.HAS]! & HAS.VA)) return
    this.end = Math.max(this.end, signedVa(event.va) + (event.pages ?? 1) * PAGE)
    this.changed = true
  }
}

function become(tokens: Tokens, row: number, kind: 'barrier' | 'tlb_flush', has: number): void {
  const { id } = KINDS[kind]
  tokens.words.fill(0, row, row + T.NAME + 1)
  tokens.words[row] = id
  tokens.words[row + T.HAS] = has
  tokens.fields[id]! |= has
}

const LEAVE = KINDS.lazy_mmu_leave.id
const FTRACE = KINDS.ftrace.id

/**
 * Leaving a section is told when it is over, its barrier before it. Kernels that count sections are probed where the
 * count goes down, ahead of the barrier: there the leave, if it is what came last, is moved behind.
 */
function putLeaveAfter(tokens: Tokens): void {
  let i = tokens.length - 2
  while (i >= 0 && tokens.kindAt(i) === FTRACE) i--
  if (i >= 0 && tokens.kindAt(i) === LEAVE) tokens.moveToEnd(i)
}
