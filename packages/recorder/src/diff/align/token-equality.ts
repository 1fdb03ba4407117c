import { HAS, KINDS_LIMIT, T, type Tokens } from './tokens.ts'

/** Fields by their bits and the words that each has: in columns, for this is asked of every row. */
const FIELDS = [HAS.FN, HAS.VA, HAS.SIZE, HAS.OLD, HAS.NEW, HAS.AUX, HAS.RET] as const
const FIRST = [T.ROLE, T.VA, T.SIZE, T.OLD, T.NEW, T.AUX, T.RET] as const
const HAS_TWO = [false, true, true, true, true, true, false] as const

/**
 * Per kind, the fields to compare: those that both sides show in this pair of calls. A field that one side never has
 * is unknown there, not different. `always` names those whose absence is a value.
 */
export function comparedFields(left: Tokens, right: Tokens, always: Uint32Array): Uint32Array {
  const fields = new Uint32Array(KINDS_LIMIT)
  for (let kind = 0; kind < KINDS_LIMIT; kind++) {
    fields[kind] = (left.fields[kind]! & right.fields[kind]!) | always[kind]!
  }
  return fields
}

/**
 * One number per token from `from` to `to`, equal where the compared fields are; `structure` leaves out values (old,
 * new, aux, ret …).
 */
export function hashTokens(
  tokens: Tokens,
  compared: Uint32Array,
  structure: boolean,
  from = 0,
  to = tokens.length,
): Int32Array {
  const hashes = new Int32Array(to - from)
  for (let i = from; i < to; i++) {
    const at = tokens.at(i)
    const { words } = tokens
    const kind = words[at]! & 0xff
    let fields = compared[kind]!
    if (structure) fields &= STRUCTURE
    const level = fields & HAS.LEVEL ? words[at]! >>> 8 : 0
    let hash = Math.imul(kind + (level << 8) + 1, 0x9e3779b1)
    // Absence is a value of its own among fields that are compared.
    hash = mix(hash, words[at + T.HAS]! & fields)
    for (let f = 0; f < FIELDS.length; f++) {
      if ((fields & FIELDS[f]!) === 0) continue
      hash = mix(hash, words[at + FIRST[f]!]!)
      if (HAS_TWO[f]!) hash = mix(hash, words[at + FIRST[f]! + 1]!)
    }
    hashes[i - from] = hash
  }
  return hashes
}

const STRUCTURE = HAS.LEVEL | HAS.FN | HAS.VA

function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x85ebca6b)
  return h ^ (h >>> 15)
}

/** Exact: whether two tokens agree in all fields that are compared. */
export function sameToken(
  left: Tokens,
  i: number,
  right: Tokens,
  j: number,
  compared: Uint32Array,
): boolean {
  const x = left.at(i)
  const y = right.at(j)
  const a = left.words
  const b = right.words
  const kind = a[x]! & 0xff
  if (kind !== (b[y]! & 0xff)) return false
  const fields = compared[kind]!
  if (fields & HAS.LEVEL && a[x] !== b[y]) return false
  if (((a[x + T.HAS]! ^ b[y + T.HAS]!) & fields) !== 0) return false
  for (let f = 0; f < FIELDS.length; f++) {
    if ((fields & FIELDS[f]!) === 0) continue
    const first = FIRST[f]!
    if (a[x + first] !== b[y + first]) return false
    if (HAS_TWO[f]! && a[x + first + 1] !== b[y + first + 1]) return false
  }
  return true
}

/** Same role, other name: `change_page_range` beside `pageattr_pte_entry`. A name that one side lacks is unknown. */
export const isRenamed = (left: Tokens, i: number, right: Tokens, j: number): boolean =>
  left.has(i, HAS.FN) && right.has(j, HAS.FN) && left.word(i, T.NAME) !== right.word(j, T.NAME)
