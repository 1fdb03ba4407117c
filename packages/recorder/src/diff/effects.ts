import { type Geometry, LEVEL_NAMES, LO, PTE } from '@pagetrail/engine'

import { roleWords } from '../descriptor/bits.ts'
import { type Kind, KINDS } from '../event/kinds.ts'
import { placeText, toggleTexts } from './say/describe.ts'
import type { Addressing } from './options.ts'
import type { EffectDifference, EffectKind } from './result.ts'
import type { RowScript } from './align/rows.ts'
import { HAS, T, type Tokens } from './align/tokens.ts'

/** What one entry was before the call and after it. */
interface Change {
  readonly level: number
  readonly place: number
  readonly oldLo: number
  readonly oldHi: number
  newLo: number
  newHi: number
  seq: number
}

interface Flush {
  readonly start: number
  end: number
  seq: number
}

/** The lasting effects of a call: the net change of each entry, what was flushed, made, freed and warned of. */
export interface Effects {
  /** Where the address bits of the side's descriptors lie. */
  readonly geometry: Geometry | null
  /** Every entry that was stored to, also where nothing came of it. */
  readonly written: ReadonlyMap<number, Change>
  readonly flushes: readonly Flush[]
  /** seq of a flush of everything that is not how a ranged one was carried out. */
  readonly everything: number | null
  readonly allocated: readonly number[]
  readonly freed: readonly number[]
  readonly warnings: number
}

const { desc_write, tlb_flush, table_alloc, table_free, warn } = KINDS

const EFFECT_KINDS: ReadonlySet<number> = new Set(
  [desc_write, tlb_flush, table_alloc, table_free, warn].map(({ id }) => id),
)

/** Whether an event that has effects is in a row that differs; otherwise no effect can differ. */
export const effectsMayDiffer = (script: RowScript, left: Tokens, right: Tokens): boolean =>
  script.runs.some((run) => {
    if (run.status === 'same' || run.status === 'renamed') return false
    const [tokens, first] = run.status === 'right' ? [right, run.right] : [left, run.left]
    for (let i = first; i < first + run.length; i++) {
      if (EFFECT_KINDS.has(tokens.kindAt(i))) return true
    }
    return false
  })

export function effectsOf(tokens: Tokens, geometry: Geometry | null): Effects {
  const written = new Map<number, Change>()
  const ranges: Flush[] = []
  const allocated = [0, 0, 0, 0, 0, 0, 0]
  const freed = [0, 0, 0, 0, 0, 0, 0]
  let everything: number | null = null
  let warnings = 0
  let ranged = false
  for (let i = 0; i < tokens.length; i++) {
    const kind = tokens.kindAt(i)
    const wasRanged = ranged
    ranged = false
    if (kind === desc_write.id) store(written, tokens, i)
    else if (kind === tlb_flush.id) {
      ranged = tokens.has(i, HAS.VA)
      const start = tokens.numberAt(i, T.VA)
      if (ranged)
        ranges.push({ start, end: start + tokens.numberAt(i, T.SIZE), seq: tokens.seqs[i]! })
      else if (!wasRanged) everything = tokens.seqs[i]!
    } else if (kind === table_alloc.id) allocated[tokens.levelAt(i)]!++
    else if (kind === table_free.id) freed[tokens.levelAt(i)]!++
    else if (kind === warn.id && tokens.word(i, T.NEW) === 1) warnings++
  }
  return { geometry, written, flushes: union(ranges), everything, allocated, freed, warnings }
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
  const seq = tokens.seqs[i]!
  if (known) {
    known.newLo = newLo
    known.newHi = newHi
    known.seq = seq
    return
  }
  const oldLo = tokens.word(i, T.OLD)
  const oldHi = tokens.word(i, T.OLD + 1)
  written.set(key, { level, place, oldLo, oldHi, newLo, newHi, seq })
}

/** Empty ranges flush nothing; the rest is joined where it touches. */
function union(ranges: readonly Flush[]): Flush[] {
  const joined: Flush[] = []
  for (const range of ranges.toSorted((p, q) => p.start - q.start)) {
    if (range.end <= range.start) continue
    const last = joined.at(-1)
    if (last && range.start <= last.end) {
      last.end = Math.max(last.end, range.end)
      last.seq = Math.max(last.seq, range.seq)
    } else joined.push({ ...range })
  }
  return joined
}

export interface EffectComparison {
  readonly differences: readonly EffectDifference[]
  /** Some entry ends up translating differently: the outcome of the call differs, not only its effects. */
  readonly translation: boolean
}

/** Kinds of events that each sort of effect is told by. */
const TOLD_BY: Readonly<Record<EffectKind, Kind>> = {
  descriptor: 'desc_write',
  flush: 'tlb_flush',
  allocation: 'table_alloc',
  free: 'table_free',
  warning: 'warn',
}

/** Sorts of effects of which one side knows nothing. */
export const unknownEffects = (shown: ReadonlySet<Kind>): EffectKind[] =>
  (Object.keys(TOLD_BY) as EffectKind[]).filter((what) => !shown.has(TOLD_BY[what]))

/** Whether a sort of effect that one side had could not be shown by the other. */
export const hasOneSidedEffects = (shown: ReadonlySet<Kind>, seen: ReadonlySet<Kind>): boolean =>
  unknownEffects(shown).some((what) => seen.has(TOLD_BY[what]))

/** `tellsAll` says of each side whether a ranged flush that was carried out as one of everything shows as such. */
export function compareEffects(
  a: Effects,
  b: Effects,
  mode: Addressing,
  tellsAll: { readonly left: boolean; readonly right: boolean },
): EffectComparison {
  const found: EffectDifference[] = []
  let translation = false
  for (const key of new Set([...a.written.keys(), ...b.written.keys()])) {
    const x = a.written.get(key) ?? null
    const y = b.written.get(key) ?? null
    if (!isChange(x) && !isChange(y)) continue
    if (x && y && (sameToggle(x, y) || (mode === 'relative' && sameResult(x, y)))) continue
    translation ||= translates(x, y)
    const { place } = (x ?? y)!
    const level = LEVEL_NAMES[(x ?? y)!.level] ?? 'pte'
    const left = x && { ...x, level, geometry: a.geometry }
    const right = y && { ...y, level, geometry: b.geometry }
    found.push({
      what: 'descriptor',
      where: `${level} ${placeText(place, mode)}`,
      ...toggleTexts(left, right, mode),
      leftSeq: x?.seq ?? null,
      rightSeq: y?.seq ?? null,
    })
  }
  const isEither =
    (a.everything !== null && b.flushes.length > 0 && !tellsAll.right) ||
    (b.everything !== null && a.flushes.length > 0 && !tellsAll.left)
  if (!isEither) found.push(...flushDifferences(a, b, mode))
  for (const level of LEVEL_NAMES.keys()) {
    count(
      found,
      'allocation',
      `${LEVEL_NAMES[level]} table`,
      a.allocated[level]!,
      b.allocated[level]!,
    )
    count(found, 'free', `${LEVEL_NAMES[level]} table`, a.freed[level]!, b.freed[level]!)
  }
  count(found, 'warning', 'fired', a.warnings, b.warnings)
  return { differences: found, translation }
}

/** The same bits were set, the same cleared: whatever else the entry held was there before. */
const sameToggle = (x: Change, y: Change): boolean =>
  (x.newLo & ~x.oldLo) === (y.newLo & ~y.oldLo) &&
  (x.oldLo & ~x.newLo) === (y.oldLo & ~y.newLo) &&
  (x.newHi & ~x.oldHi) === (y.newHi & ~y.oldHi) &&
  (x.oldHi & ~x.newHi) === (y.oldHi & ~y.newHi)

/** What an entry of another boot held before is not the call's doing; what it holds afterwards is. */
const sameResult = (x: Change, y: Change): boolean => x.newLo === y.newLo && x.newHi === y.newHi

/** How an entry is built, not what it does; these bits lie alike in every geometry. */
const SHAPE = roleWords('shape', null)
const SOFTWARE = roleWords('software', null)

/** A leaf's translation or permissions differ afterwards. Between entries that map nothing there is no difference. */
function translates(x: Change | null, y: Change | null): boolean {
  if (
    [x, y].some(
      (change) => change && change.level < PTE && (change.newLo & LO.TYPE_MASK) === LO.TYPE_TABLE,
    )
  )
    return false
  const validX = x ? (x.newLo & LO.VALID) !== 0 : y !== null && (y.oldLo & LO.VALID) !== 0
  const validY = y ? (y.newLo & LO.VALID) !== 0 : x !== null && (x.oldLo & LO.VALID) !== 0
  if (!validX && !validY) return false
  // Beside an entry that was not changed stands what it was, which is what the other side found.
  const lo = (x ? x.newLo : y!.oldLo) ^ (y ? y.newLo : x!.oldLo)
  const hi = (x ? x.newHi : y!.oldHi) ^ (y ? y.newHi : x!.oldHi)
  return (lo & ~(SHAPE.lo | SOFTWARE.lo)) !== 0 || (hi & ~(SHAPE.hi | SOFTWARE.hi)) !== 0
}

function flushDifferences(a: Effects, b: Effects, mode: Addressing): EffectDifference[] {
  if (a.everything !== null && b.everything !== null) return []
  const found: EffectDifference[] = []
  if (a.everything !== null || b.everything !== null) {
    found.push(flushDifference('everything', a.everything, b.everything))
    return found
  }
  const left = new Map(a.flushes.map((flush) => [flushKey(flush), flush]))
  const right = new Map(b.flushes.map((flush) => [flushKey(flush), flush]))
  for (const [text, flush] of [...left, ...right]) {
    if (left.has(text) && right.has(text)) continue
    const pages = Math.ceil((flush.end - flush.start) / 4096)
    const where = `${placeText(flush.start, mode)}, ${pages} × 4K`
    found.push(flushDifference(where, left.get(text)?.seq ?? null, right.get(text)?.seq ?? null))
  }
  return found
}

const flushKey = (flush: Flush): string => `${flush.start}-${flush.end}`

const flushDifference = (
  where: string,
  left: number | null,
  right: number | null,
): EffectDifference => ({
  what: 'flush',
  where,
  left: left === null ? null : 'flushed',
  right: right === null ? null : 'flushed',
  leftSeq: left,
  rightSeq: right,
})

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
