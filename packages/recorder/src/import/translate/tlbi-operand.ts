import { AUX, NEW, OLD, SIZE, VA } from '../../event/batch.ts'
import { F_OPERAND, type EventFields } from './fields.ts'
import type { TraceState } from './trace-state.ts'
import type { MetProbe } from './probe-table.ts'

/** Operations on one VA: bits 43:0 are VA[55:12], 63:48 the ASID. */
const BY_VA = /^va+l?e1(is|os)?$/
/** Operations on a range of VAs. */
const BY_RANGE = /^rva+l?e1(is|os)?$/

/** Page shift by the operand's TG, bits 47:46. */
const GRANULES = [0, 12, 14, 16] as const

/**
 * The row of a TLBI instruction, its operand decoded. An operation on an address whose operand the probe did not show,
 * as the erratum's repeated VALE1IS, keeps va null.
 */
export function putTlbi(
  events: TraceState,
  row: number,
  probe: MetProbe,
  fields: EventFields,
  by: number,
): void {
  const { batch } = events.rows.sink
  batch.fn[row] = probe.insnId
  batch.setRet(row, by)
  if (!fields.has(F_OPERAND)) return
  const lo = fields.lo[F_OPERAND]!
  const hi = fields.hi[F_OPERAND]!
  batch.setWord(row, AUX, lo, hi)
  if (BY_VA.test(probe.insn!)) {
    const top = ((hi & 0xfff) << 12) | (lo >>> 20)
    batch.setWord(row, VA, (lo << 12) >>> 0, signExtend(top, 24))
    batch.setSmall(row, SIZE, 1)
  } else if (BY_RANGE.test(probe.insn!)) {
    const granule = GRANULES[(hi >>> 14) & 3]!
    const num = ((hi & 0xfff) >>> 7) & 0x1f
    const scale = (hi >>> 12) & 3
    // With 52-bit addresses of 4K and 16K pages, BADDR counts units of 64K.
    const shift = events.va52 ? 16 : granule
    if (shift === 0) return
    const high = ((hi & 0x1f) << shift) | (lo >>> (32 - shift))
    batch.setWord(row, VA, (lo << shift) >>> 0, signExtend(high, 5 + shift))
    batch.setSmall(row, SIZE, (num + 1) << (5 * scale + 1))
    batch.setSmall(row, OLD, scale)
    batch.setSmall(row, NEW, num)
  }
}

/** A word whose bit `bits` - 1 is its sign, as an unsigned word. */
function signExtend(word: number, bits: number): number {
  return ((word << (32 - bits)) >> (32 - bits)) >>> 0
}
