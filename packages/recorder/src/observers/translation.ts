import {
  AF,
  CONT_HI,
  GP_HI,
  PXN_HI,
  RDONLY,
  SOFTWARE_HI,
  USER,
  UXN_HI,
  VALID,
  WRITE_HI,
} from './descriptor-words.ts'
import type { Geometry, LevelName } from '@pagetrail/engine'
import { leadsToTable } from '../descriptor/bits.ts'

/** What an old version of an entry means beside what the tables say now, gravest first. */
export const RELATIONS = [
  /** The tables map nothing there any more, or other memory, or the same with another type. */
  'wrong-place',
  /** The old version allows what the tables forbid. */
  'too-much',
  /** It forbids what they allow: at EL1 a fault that the kernel does not retry. */
  'too-little',
  /** It translates alike, with another size or contiguity: no harm but where CPUs cannot stand two sizes. */
  'other-size',
  'equal',
  /** The tables were never seen there. */
  'unknown',
] as const
export type Relation = (typeof RELATIONS)[number]

/** Relations that are harm: an observer may do, or fail to do, what the tables do not say. */
export type Harm = 'wrong-place' | 'too-much' | 'too-little'
export const isHarm = (relation: Relation): relation is Harm =>
  relation === 'wrong-place' || relation === 'too-much' || relation === 'too-little'

const TYPE = 2
const SHAREABILITY = 0x300
const MEMORY_TYPE = 0x1c

/** MT_NORMAL_TAGGED: of the same type as MT_NORMAL, index 0. */
const TAGGED = 1 << 2
const NS = 1 << 5

/** Hierarchical limits of a table descriptor (bits 63:59), on its high word. */
const PXN_TABLE = 1 << 27
const UXN_TABLE = 1 << 28
const AP_TABLE_NO_EL0 = 1 << 29
const AP_TABLE_READ_ONLY = 1 << 30
const NS_TABLE = 1 << 31
export const TABLE_LIMITS = PXN_TABLE | UXN_TABLE | AP_TABLE_NO_EL0 | AP_TABLE_READ_ONLY | NS_TABLE

/** A translation as an observer would use it: the leaf, and the limits of the tables above it. */
export interface Translation {
  lo: number
  hi: number
  /** Output page of the address in question, in 4K. */
  frame: number
  /** {@link TABLE_LIMITS} of the tables above. */
  limits: number
}

/** What the descriptor, if it is stored, lets an observer hold: valid, accessed, of a legal type at its level. */
export function isHeld(level: LevelName, lo: number): boolean {
  if ((lo & VALID) === 0) return false
  if (level === 'pte') return (lo & TYPE) !== 0 && (lo & AF) !== 0
  if (leadsToTable(level, lo)) return true
  return (level === 'pmd' || level === 'pud') && (lo & AF) !== 0
}

/** The memory type, with tagged memory as normal. */
const memoryType = (lo: number): number => ((lo & MEMORY_TYPE) === TAGGED ? 0 : lo & MEMORY_TYPE)

const isReadOnly = (t: Translation): boolean =>
  (t.lo & RDONLY) !== 0 || (t.limits & AP_TABLE_READ_ONLY) !== 0

/** A write is refused for good: hardware does not make it writable by itself either (DBM). */
const refusesWrite = (t: Translation): boolean =>
  (t.limits & AP_TABLE_READ_ONLY) !== 0 || ((t.lo & RDONLY) !== 0 && (t.hi & WRITE_HI) === 0)
const isForUser = (t: Translation): boolean =>
  (t.lo & USER) !== 0 && (t.limits & AP_TABLE_NO_EL0) === 0
const kernelRuns = (t: Translation): boolean =>
  (t.hi & PXN_HI) === 0 && (t.limits & PXN_TABLE) === 0
const userRuns = (t: Translation): boolean => (t.hi & UXN_HI) === 0 && (t.limits & UXN_TABLE) === 0

const allowsMore = (o: Translation, c: Translation): boolean =>
  (!isReadOnly(o) && isReadOnly(c)) ||
  (isForUser(o) && !isForUser(c)) ||
  (kernelRuns(o) && !kernelRuns(c)) ||
  (userRuns(o) && !userRuns(c)) ||
  (kernelRuns(o) && kernelRuns(c) && (o.hi & GP_HI) === 0 && (c.hi & GP_HI) !== 0)

const allowsLess = (o: Translation, c: Translation): boolean =>
  (refusesWrite(o) && !refusesWrite(c)) ||
  (!isForUser(o) && isForUser(c)) ||
  (!kernelRuns(o) && kernelRuns(c)) ||
  (!userRuns(o) && userRuns(c)) ||
  (kernelRuns(o) && kernelRuns(c) && (o.hi & GP_HI) !== 0 && (c.hi & GP_HI) === 0)

/** Other memory, or the same seen otherwise: address, type, shareability (LPA2: address), security. */
export const leadsElsewhere = (g: Geometry, o: Translation, c: Translation): boolean =>
  o.frame !== c.frame ||
  memoryType(o.lo) !== memoryType(c.lo) ||
  ((o.lo ^ c.lo) & (g.lpa2Active ? NS : SHAREABILITY | NS)) !== 0 ||
  ((o.limits ^ c.limits) & NS_TABLE) !== 0

/** What the old translation `o` means beside the current one `c`, both of one address; null: nothing is mapped. */
export function relate(
  g: Geometry,
  o: Translation,
  c: Translation | null,
  sameSize: boolean,
): Relation {
  if (c === null || (c.lo & VALID) === 0) return 'wrong-place'
  if (leadsElsewhere(g, o, c)) return 'wrong-place'
  if (allowsMore(o, c)) return 'too-much'
  if (allowsLess(o, c)) return 'too-little'
  return sameSize && ((o.hi ^ c.hi) & CONT_HI) === 0 ? 'equal' : 'other-size'
}

/** Nothing but what software keeps there differs: to an observer both are one. */
export const isSameToAll = (aLo: number, aHi: number, bLo: number, bHi: number): boolean =>
  aLo === bLo && ((aHi ^ bHi) & ~SOFTWARE_HI) === 0

export const isContiguous = (hi: number): boolean => (hi & CONT_HI) !== 0
