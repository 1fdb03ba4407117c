import { u64OfInput } from '@pagetrail/engine'

import { isJsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import { highWord, lowWord, take } from '../event/words.ts'
import { CONT_HI, GP_HI, NG, PXN_HI, RDONLY, VALID, WRITE_HI } from './descriptor-words.ts'

/** What a permission change must leave set and clear, and which bits it may touch, on both words. */
export interface AskedChange {
  readonly setLo: number
  readonly setHi: number
  readonly clearLo: number
  readonly clearHi: number
  readonly mayLo: number
  readonly mayHi: number
  /** What the pages then are. */
  readonly asked: string
  /** One bit of the output address may change too. */
  readonly movesOneBit?: true
}

const change = (
  asked: string,
  setLo: number,
  setHi: number,
  clearLo: number,
  clearHi: number,
  alsoLo = 0,
  alsoHi = 0,
): AskedChange => ({
  asked,
  setLo,
  setHi,
  clearLo,
  clearHi,
  mayLo: setLo | clearLo | alsoLo,
  // Splitting, which every change may do first, clears CONT.
  mayHi: setHi | clearHi | alsoHi | CONT_HI,
})

/** Output addresses lie in place up to here. */
const ADDRESS_BITS = 48

const RO = change('read-only', RDONLY, 0, 0, WRITE_HI)
const RW = change('writable', 0, WRITE_HI, RDONLY, 0)
const NX = change('not executable', 0, PXN_HI, 0, 0, 0, GP_HI)
const X = change('executable', 0, 0, 0, PXN_HI, 0, GP_HI)
const ROX = change('read-only and executable', RDONLY, 0, 0, WRITE_HI | PXN_HI, 0, GP_HI)
const ON = change('valid', VALID, 0, 0, 0, NG)
const OFF = change('invalid', 0, 0, VALID, 0, NG)
const DEFAULT = change('valid and writable', VALID, WRITE_HI, RDONLY, 0, NG)

/** A Realm's memory is broken, its NS bit (of the output address) turned, and made again. */
const RECODED: AskedChange = {
  ...change('valid', VALID, 0, 0, 0, NG),
  mayLo: VALID | NG,
  movesOneBit: true,
}

const FIXED: Readonly<Record<string, AskedChange>> = {
  set_memory_ro: RO,
  set_memory_rw: RW,
  set_memory_nx: NX,
  set_memory_x: X,
  set_memory_rox: ROX,
  set_direct_map_invalid_noflush: OFF,
  set_direct_map_default_noflush: DEFAULT,
  set_memory_encrypted: RECODED,
  set_memory_decrypted: RECODED,
}

/** The truth value of an argument as JSON gives it: 1, true, "1" or "0x1". */
function argument(args: Json, ...names: readonly string[]): boolean | null {
  if (!isJsonObject(args)) return null
  for (const name of names) {
    const value = args[name]
    if (value !== undefined && value !== null) return Number(value) !== 0
  }
  return null
}

/** Calls that only do something if can_set_direct_map() or in a Realm: success without a walk is then right. */
export const isConditional = (fn: string): boolean =>
  fn.startsWith('set_direct_map_') ||
  fn === '__kernel_map_pages' ||
  fn === 'set_memory_encrypted' ||
  fn === 'set_memory_decrypted'

/** Functions that switch pages on or off, with the argument that says which. */
const SWITCHES: Readonly<Record<string, readonly string[]>> = {
  set_memory_valid: ['enable', 'valid'],
  set_direct_map_valid_noflush: ['enable', 'valid'],
  __kernel_map_pages: ['enable', 'valid'],
}

/** What a top-level call of the kernel's API asks for; null: not one of them, or its arguments do not say. */
export function changeOf(fn: string, args: Json): AskedChange | null {
  const fixed = FIXED[fn]
  if (fixed !== undefined) return fixed
  if (fn === 'kfence_protect_page') {
    const off = argument(args, 'protect')
    return off === null ? null : off ? OFF : ON
  }
  const names = SWITCHES[fn]
  if (names === undefined) return null
  const on = argument(args, ...names)
  return on === null ? null : on ? ON : OFF
}

/** What of the system decides about more bits; null: the run does not say. */
export interface MaskFacts {
  /** 7.3: nG marks an entry that is mapped but not valid. */
  readonly presentInvalid: boolean | null
  readonly kpti: boolean | null
  /** Of a Realm: width of its addresses, the highest of which says that memory is shared. */
  readonly ipaBits: number | null
}

/** {@link changeOf} with what is promised on this system: nG of what is made valid (7.3), the shared bit of a Realm. */
export function changeOn(fn: string, args: Json, facts: MaskFacts): AskedChange | null {
  const asked = changeOf(fn, args)
  if (asked === null) return null
  const { presentInvalid, kpti, ipaBits } = facts
  let { setLo, setHi, clearLo, clearHi } = asked
  if (presentInvalid === true && kpti !== null && (setLo & VALID) !== 0) {
    if (kpti) setLo |= NG
    else clearLo |= NG
  }
  const bit = ipaBits === null ? -1 : ipaBits - 1
  if (asked.movesOneBit === true && bit >= 32 && bit < ADDRESS_BITS) {
    if (fn === 'set_memory_decrypted') setHi |= 1 << (bit - 32)
    else clearHi |= 1 << (bit - 32)
  }
  return { ...asked, setLo, setHi, clearLo, clearHi }
}

/**
 * The same of calls that are races reduced to what matters, too: none of the kernel's functions, but what they make of
 * a page is promised alike.
 */
export function promisedChange(fn: string, args: Json): AskedChange | null {
  if (fn === 'h7_block_change') return RO
  if (fn !== 'h7_change') return changeOf(fn, args)
  if (isJsonObject(args) && args['change'] === 'none') return null
  return isJsonObject(args) && args['bits'] === 'nx' ? NX : RO
}

/** Functions of the API that change permissions: what happens below one is its doing, not that of a call around it. */
export const isPermissionCall = (fn: string): boolean =>
  FIXED[fn] !== undefined || SWITCHES[fn] !== undefined || fn === 'kfence_protect_page'

/** Exactly these bits. */
export function masked(set: bigint, clear: bigint): AskedChange {
  take(set)
  const setLo = lowWord()
  const setHi = highWord()
  take(clear)
  return change('as asked', setLo, setHi, lowWord() & ~setLo, highWord() & ~setHi)
}

/** A mask that is not given is empty; null: what is given is not one. */
function maskOf(value: Json | undefined): bigint | null {
  if (value === undefined) return 0n
  return typeof value === 'string' ? u64OfInput(value) : null
}

/** What a walker was given as masks, by a scenario; null: nothing. */
export function maskedChange(args: Json): AskedChange | null {
  if (!isJsonObject(args)) return null
  const { set, clear } = args
  if (args['cb'] !== 'own' || (set === undefined && clear === undefined)) return null
  const [on, off] = [maskOf(set), maskOf(clear)]
  return on === null || off === null ? null : masked(on, off)
}

export const satisfies = (want: AskedChange, lo: number, hi: number): boolean =>
  (lo & (want.setLo | want.clearLo)) === want.setLo &&
  (hi & (want.setHi | want.clearHi)) >>> 0 === want.setHi >>> 0

/**
 * Can a plain read-modify-write of this change (or of a split before it) have made `new` from the `old` in memory?
 * If not, `new` was derived from another value: something that was stored in between is lost.
 */
export function derives(
  want: AskedChange,
  oldLo: number,
  oldHi: number,
  newLo: number,
  newHi: number,
): boolean {
  const diffLo = oldLo ^ newLo
  const diffHi = oldHi ^ newHi
  if ((diffLo & ~want.mayLo) !== 0 || (diffHi & ~want.mayHi) !== 0) return false
  const wrong = (diffLo & want.setLo & ~newLo) | (diffLo & want.clearLo & newLo)
  const wrongHi = (diffHi & want.setHi & ~newHi) | (diffHi & (want.clearHi | CONT_HI) & newHi)
  return wrong === 0 && wrongHi === 0
}
