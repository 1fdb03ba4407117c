import { type Geometry, isCont, isValid } from '@pagetrail/engine'
import { roleWords } from '../descriptor/bits.ts'
import { AF, DIRTY_HI, frameOf } from './descriptor-words.ts'

/** A member of a contiguous span that disagrees with the valid contiguous entry `with`; both by place in the span. */
export interface Torn {
  readonly with: number
  readonly member: number
  readonly why: string
  readonly isInvalid: boolean
}

interface Entry {
  readonly lo: number
  readonly hi: number
}

/**
 * Members of a contiguous span must agree in everything but consecutive output addresses, access and dirty bits.
 * `pages`: of 4K, a member; `at`: undefined where nothing is known of it.
 */
export function tearOf(
  geometry: Geometry,
  pages: number,
  entries: number,
  at: (member: number) => Entry | undefined,
): Torn | null {
  let model = 0
  for (; model < entries; model++) {
    const entry = at(model)
    if (entry !== undefined && isValid(entry.lo) && isCont(entry.hi)) break
  }
  const like = at(model)
  if (model === entries || like === undefined) return null
  const address = roleWords('address', geometry)
  const frame = frameOf(geometry, like.lo, like.hi)
  for (let member = 0; member < entries; member++) {
    const entry = at(member)
    if (entry === undefined) continue
    const differs = (why: string, isInvalid = false): Torn => ({
      with: model,
      member,
      why,
      isInvalid,
    })
    if (!isValid(entry.lo)) return differs('is not valid', true)
    if (!isCont(entry.hi)) return differs('has no contiguous bit')
    const lo = (entry.lo ^ like.lo) & ~address.lo & ~AF
    const hi = (entry.hi ^ like.hi) & ~address.hi & ~DIRTY_HI
    if ((lo | hi) !== 0) return differs('has other attributes')
    const offset = frameOf(geometry, entry.lo, entry.hi) - frame
    if (offset !== (member - model) * pages) return differs('maps another page')
  }
  return null
}
