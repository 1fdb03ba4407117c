import { type Geometry, LEVEL_NAMES, LO, PTE } from '@pagetrail/engine'

import { roleWords } from '../descriptor/bits.ts'
import { type Kind, KINDS } from '../event/kinds.ts'
import type { Harm } from '../observers/translation.ts'
import type { After, PlacedHarm } from './align/after.ts'
import { placeText, toggleTexts } from './say/describe.ts'

import type { RowScript } from './align/row-script.ts'
import { HAS, T, type Tokens } from './align/tokens.ts'
import type { Addressing } from './align/addresses.ts'
import type { EffectDifference, EffectKind } from './pair-result.ts'

/** How an entry is built, not what it does; these bits lie alike in every geometry. */
const SHAPE = roleWords('shape', null)
const SOFTWARE = roleWords('software', null)

/** What one entry was before the call and after it. */
interface Change {
  readonly level: number
  readonly place: number
  readonly oldLo: number
  readonly oldHi: number
  newLo: number
  newHi: number
  /** Its last store, by the number of its row. */
  row: number
  /** Values that it held in between, low word first. */
  via: number[] | null
}

/** The lasting effects of a call: what became of each entry and of what observers believe, tables, warnings. */
export interface Effects {
  /** Where the address bits of the side's descriptors lie. */
  readonly geometry: Geometry | null
  readonly tokens: Tokens
  /** Every entry that was stored to, also where nothing came of it. */
  readonly written: ReadonlyMap<number, Change>
  readonly after: After
  readonly allocated: readonly number[]
  readonly freed: readonly number[]
  readonly warnings: number
  /** Lazy sections entered and not left, locks taken and not released. */
  readonly lazy: number
  readonly locks: number
}

const { desc_write, table_alloc, table_free, warn, lazy_mmu_enter, lazy_mmu_leave, lock, unlock } =
  KINDS

const EFFECT_KINDS: ReadonlySet<number> = new Set(
  [desc_write, table_alloc, table_free, warn, lazy_mmu_enter, lazy_mmu_leave, lock, unlock].map(
    ({ id }) => id,
  ),
)

/** Which effects can differ at all: those of events in rows that differ. */
export interface MayDiffer {
  readonly any: boolean
  /** What entries hold. */
  readonly stores: boolean
}

export function effectsMayDiffer(script: RowScript, left: Tokens, right: Tokens): MayDiffer {
  let any = false
  // A field that one side lacks may be in rows that count as the same.
  let stores = left.fields[desc_write.id] !== right.fields[desc_write.id]
  for (const run of script.runs) {
    if (run.status === 'same' || run.status === 'renamed') continue
    const [tokens, first] = run.status === 'right' ? [right, run.right] : [left, run.left]
    for (let i = first; i < first + run.length && !(any && stores); i++) {
      const kind = tokens.kindAt(i)
      any ||= EFFECT_KINDS.has(kind)
      stores ||= kind === desc_write.id
    }
  }
  return { any, stores }
}

/** The effects of a call; without those of its stores where both sides have the same. */
export function effectsOf(
  tokens: Tokens,
  geometry: Geometry | null,
  after: After,
  stores = true,
): Effects {
  const written = new Map<number, Change>()
  const allocated = [0, 0, 0, 0, 0, 0, 0]
  const freed = [0, 0, 0, 0, 0, 0, 0]
  let warnings = 0
  let lazy = 0
  let locks = 0
  for (let i = 0; i < tokens.length; i++) {
    switch (tokens.kindAt(i)) {
      case desc_write.id:
        if (stores) store(written, tokens, i)
        break
      case table_alloc.id:
        allocated[tokens.levelAt(i)]!++
        break
      case table_free.id:
        freed[tokens.levelAt(i)]!++
        break
      case warn.id:
        if (tokens.word(i, T.NEW) === 1) warnings++
        break
      case lazy_mmu_enter.id:
        lazy++
        break
      case lazy_mmu_leave.id:
        lazy--
        break
      case lock.id:
        locks++
        break
      case unlock.id:
        locks--
        break
      default:
    }
  }
  return { geometry, tokens, written, after, allocated, freed, warnings, lazy, locks }
}

const isChange = (change: Change | null): boolean =>
  change !== null && (change.oldLo !== change.newLo || change.oldHi !== change.newHi)

function store(written: Map<number, Change>, tokens: Tokens, i: number): void {
  if (!tokens.has(i, HAS.VA) || !tokens.has(i, HAS.NEW | HAS.AUX)) return
  const level = tokens.levelAt(i)
  const place = tokens.numberAt(i, T.VA)
  const key = Math.floor(place / 4096) * 8 + level
  const newLo = tokens.word(i, T.NEW)
  const newHi = tokens.word(i, T.NEW + 1)
  const known = written.get(key)
  if (known) {
    if (known.newLo !== newLo || known.newHi !== newHi) {
      known.via ??= []
      known.via.push(known.newLo, known.newHi)
    }
    known.newLo = newLo
    known.newHi = newHi
    known.row = i
    return
  }
  const oldLo = tokens.word(i, T.OLD)
  const oldHi = tokens.word(i, T.OLD + 1)
  written.set(key, { level, place, oldLo, oldHi, newLo, newHi, row: i, via: null })
}

export interface EffectComparison {
  readonly differences: readonly EffectDifference[]
  /** Some entry ends up translating differently: the outcome of the call differs, not only its effects. */
  readonly translation: boolean
  /** Entries that ended alike and had started otherwise: their change differs because of that alone. */
  readonly otherStart: number
}

/** Kinds of events without which a sort of effect is unknown. */
const SHOWN_BY: Readonly<Record<EffectKind, Kind>> = {
  descriptor: 'desc_write',
  transient: 'desc_write',
  held: 'tlb_flush',
  ended: 'tlb_flush',
  barrier: 'barrier',
  lazy: 'lazy_mmu_enter',
  lock: 'lock',
  allocation: 'table_alloc',
  free: 'table_free',
  warning: 'warn',
}

/** Sorts of effects of which one side knows nothing. */
export const unknownEffects = (shown: ReadonlySet<Kind>): EffectKind[] =>
  (Object.keys(SHOWN_BY) as EffectKind[]).filter((what) => !shown.has(SHOWN_BY[what]))

/** Those without which neither effects nor a path are the whole of what a run did. */
export const unseenEffects = (unknown: readonly EffectKind[]): EffectKind[] =>
  unknown.filter((what) => what === 'held' || what === 'barrier')

/** Whether a sort of effect that one side had could not be shown by the other. */
export const hasOneSidedEffects = (shown: ReadonlySet<Kind>, seen: ReadonlySet<Kind>): boolean =>
  unknownEffects(shown).some((what) => seen.has(SHOWN_BY[what]))

/** `unknown`: sorts of effects that one side does not show; they are not compared. */
export function compareEffects(
  a: Effects,
  b: Effects,
  mode: Addressing,
  unknown: ReadonlySet<EffectKind>,
): EffectComparison {
  const found: EffectDifference[] = []
  let translation = false
  let otherStart = 0
  for (const key of new Set([...a.written.keys(), ...b.written.keys()])) {
    const x = a.written.get(key) ?? null
    const y = b.written.get(key) ?? null
    const difference = compareEntry(x, y, { a, b, mode })
    if (difference === 'other start') otherStart++
    else if (difference !== null) {
      if (difference.what === 'descriptor') translation ||= translates(x, y)
      found.push(difference)
    }
  }
  if (!unknown.has('held')) {
    found.push(...compareHarm('held', a.after.made, b.after.made, mode))
    found.push(...compareHarm('ended', a.after.ended, b.after.ended, mode))
  }
  if (!unknown.has('barrier')) found.push(...compareOwed(a.after, b.after, mode))
  for (const level of LEVEL_NAMES.keys()) {
    const where = `${LEVEL_NAMES[level]} table`
    count(found, 'allocation', where, a.allocated[level]!, b.allocated[level]!)
    count(found, 'free', where, a.freed[level]!, b.freed[level]!)
  }
  count(found, 'warning', 'fired', a.warnings, b.warnings)
  if (!unknown.has('lazy')) count(found, 'lazy', 'sections left open', a.lazy, b.lazy)
  if (!unknown.has('lock')) count(found, 'lock', 'still held', a.locks, b.locks)
  return { differences: found.filter(({ what }) => !unknown.has(what)), translation, otherStart }
}

interface Sides {
  readonly a: Effects
  readonly b: Effects
  readonly mode: Addressing
}

function compareEntry(
  x: Change | null,
  y: Change | null,
  { a, b, mode }: Sides,
): EffectDifference | 'other start' | null {
  const { place } = (x ?? y)!
  const level = LEVEL_NAMES[(x ?? y)!.level] ?? 'pte'
  const where = `${level} ${placeText(place, mode)}`
  // Only of what differs: it may have to be read.
  const seqs = () => ({
    leftSeq: x && a.tokens.seqAt(x.row),
    rightSeq: y && b.tokens.seqAt(y.row),
  })
  if (isChange(x) || isChange(y)) {
    const isSame = x !== null && y !== null && sameToggle(x, y, mode)
    if (!isSame) {
      if (x && y && mode === 'relative' && sameResult(x, y)) return 'other start'
      const left = x && { ...x, level, geometry: a.geometry }
      const right = y && { ...y, level, geometry: b.geometry }
      return { what: 'descriptor', where, ...toggleTexts(left, right, mode), ...seqs() }
    }
  }
  const left = transients(x)
  const right = transients(y)
  if (left === right) return null
  return { what: 'transient', where, left: left || null, right: right || null, ...seqs() }
}

/** Bits that an observer cannot distinguish: software's, how an entry is built, access flag and nG. */
const UNSEEN_LO = LO.AF | LO.NG

/** A value as an observer sees it. */
const sight = (lo: number, hi: number): string => {
  if ((lo & LO.VALID) === 0) return 'nothing mapped'
  const seenLo = (lo & ~(UNSEEN_LO | SHAPE.lo | SOFTWARE.lo)) >>> 0
  return `0x${((hi & ~(SHAPE.hi | SOFTWARE.hi)) >>> 0).toString(16)}${seenLo.toString(16).padStart(8, '0')}`
}

/** What a walker may have read of an entry in between that it held neither before nor after, in words. */
function transients(change: Change | null): string {
  if (change?.via == null) return ''
  const ends = new Set([sight(change.oldLo, change.oldHi), sight(change.newLo, change.newHi)])
  const seen = new Set<string>()
  for (let i = 0; i < change.via.length; i += 2) seen.add(sight(change.via[i]!, change.via[i + 1]!))
  return [...seen]
    .filter((text) => !ends.has(text))
    .toSorted()
    .join(', ')
}

const HARM_TEXT: Readonly<Record<Harm, string>> = {
  'wrong-place': 'may lead elsewhere',
  'too-much': 'may be held too permissive',
  'too-little': 'may be held too strict',
}

const keyOf = ({ place, pages, harm }: PlacedHarm): string => `${harm} ${place} ${pages}`

/** Harm that one side has on return, or ended, and the other has not: a difference for each sort and stretch. */
function compareHarm(
  what: 'held' | 'ended',
  a: readonly PlacedHarm[],
  b: readonly PlacedHarm[],
  mode: Addressing,
): EffectDifference[] {
  if (a.length === 0 && b.length === 0) return []
  const left = new Map(a.map((item) => [keyOf(item), item]))
  const right = new Map(b.map((item) => [keyOf(item), item]))
  const found: EffectDifference[] = []
  for (const [key, { place, pages, harm }] of [...left, ...right]) {
    if (left.has(key) && right.has(key)) continue
    const text = HARM_TEXT[harm]
    found.push({
      what,
      where: `${placeText(place, mode)}, ${pages} × 4K`,
      left: left.has(key) ? text : null,
      right: right.has(key) ? text : null,
      leftSeq: null,
      rightSeq: null,
    })
  }
  return found
}

function compareOwed(a: After, b: After, mode: Addressing): EffectDifference[] {
  const text = ({ owed }: After): string | null =>
    owed &&
    `${owed.count} not usable yet, first the ${owed.level} at ${placeText(owed.place, mode)}`
  const left = text(a)
  const right = text(b)
  if (left === right) return []
  return [{ what: 'barrier', where: 'on return', left, right, leftSeq: null, rightSeq: null }]
}

/** Whether two calls left observers with other beliefs. */
export const aftersDiffer = (a: After, b: After): boolean =>
  a !== b &&
  (a.made.length + a.ended.length + b.made.length + b.ended.length > 0 ||
    a.owed !== null ||
    b.owed !== null)

/** The same bits were set, the same cleared: whatever else the entry held was there before. */
function sameToggle(x: Change, y: Change, mode: Addressing): boolean {
  // nG of an entry that is not valid is how 7.3 writes it: nobody sees it.
  const isForm = (x.oldLo & x.newLo & y.oldLo & y.newLo & LO.VALID) === 0
  // Of tables the limits alone count; from 6.17 on their access flag is set.
  const seen = (isForm ? ~LO.NG : ~0) & (leadsDown(x) && leadsDown(y) ? ~LO.AF : ~0)
  if (isForm && mode === 'raw' && ((x.newLo ^ y.newLo) & LO.NG & -(x.newLo & 1)) !== 0) return false
  return (
    (x.newLo & ~x.oldLo & seen) === (y.newLo & ~y.oldLo & seen) &&
    (x.oldLo & ~x.newLo & seen) === (y.oldLo & ~y.newLo & seen) &&
    (x.newHi & ~x.oldHi) === (y.newHi & ~y.oldHi) &&
    (x.oldHi & ~x.newHi) === (y.oldHi & ~y.newHi)
  )
}

/** What an entry of another boot held before is not the call's doing; what it holds afterwards is. */
const sameResult = (x: Change, y: Change): boolean => {
  const seen = leadsDown(x) && leadsDown(y) ? ~LO.AF : ~0
  return ((formless(x.newLo) ^ formless(y.newLo)) & seen) === 0 && x.newHi === y.newHi
}

/** The entry leads to a table now. */
const leadsDown = ({ level, newLo }: Change): boolean =>
  level < PTE && (newLo & LO.TYPE_MASK) === LO.TYPE_TABLE

const formless = (lo: number): number => ((lo & LO.VALID) === 0 ? lo & ~LO.NG : lo)

/** A leaf's translation or permissions differ afterwards. Between entries that map nothing there is no difference. */
function translates(x: Change | null, y: Change | null): boolean {
  if ([x, y].some((change) => change !== null && leadsDown(change))) return false
  const validX = x ? (x.newLo & LO.VALID) !== 0 : y !== null && (y.oldLo & LO.VALID) !== 0
  const validY = y ? (y.newLo & LO.VALID) !== 0 : x !== null && (x.oldLo & LO.VALID) !== 0
  if (!validX && !validY) return false
  // Beside an entry that was not changed stands what it was, which is what the other side found.
  const lo = (x ? x.newLo : y!.oldLo) ^ (y ? y.newLo : x!.oldLo)
  const hi = (x ? x.newHi : y!.oldHi) ^ (y ? y.newHi : x!.oldHi)
  return (lo & ~(SHAPE.lo | SOFTWARE.lo)) !== 0 || (hi & ~(SHAPE.hi | SOFTWARE.hi)) !== 0
}

function count(
  found: EffectDifference[],
  what: EffectKind,
  where: string,
  a: number,
  b: number,
): void {
  if (a === b) return
  found.push({
    what,
    where,
    left: countText(a),
    right: countText(b),
    leftSeq: null,
    rightSeq: null,
  })
}

const countText = (n: number): string | null => (n === 0 ? null : `${n}`)
