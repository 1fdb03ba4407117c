import { BriefMap } from '../../tables/brief-map.ts'
import { PTE } from '@pagetrail/engine'
import { ABSENT, entryKey, EntryTable } from '../../tables/entry-table.ts'
import { isJsonObject } from '../../event/codec.ts'
import type { EventOf, Json } from '../../event/kinds.ts'
import { frameOf, RDONLY, VALID } from '../../observers/descriptor-words.ts'
import { endPageOf, pageOf } from '../../observers/page-numbers.ts'
import { CHANGES_ALIAS } from '../../observers/promises.ts'
import { RangeList } from '../../observers/range-list.ts'
import type { OpenCall } from '../fold/lane.ts'
import { type Rule, type Scope, unreturned } from '../rule.ts'

/** Linear aliases that a call changed, visited or was refused, by the output page they map. */
type Touched = Map<number, number>

/** Output page to the vmalloc page that last mapped it, of the small pages seen: there may be millions. */
class MappedAt {
  /** Low words of pages whose high word is that of the first: as a rule all are. */
  readonly #near: EntryTable
  readonly #far: EntryTable
  #high = -1

  constructor(pageShift: number) {
    this.#near = new EntryTable(pageShift)
    this.#far = new EntryTable(pageShift)
  }

  get(frame: number): number | undefined {
    const key = entryKey(PTE, frame * 4096)
    const near = this.#near.find(key)
    if (near !== ABSENT) return this.#high * 2 ** 32 + this.#near.lo(near)
    const far = this.#far.size === 0 ? ABSENT : this.#far.find(key)
    return far === ABSENT ? undefined : this.#far.hi(far) * 2 ** 32 + this.#far.lo(far)
  }

  set(frame: number, page: number): void {
    const key = entryKey(PTE, frame * 4096)
    const high = Math.floor(page / 2 ** 32)
    if (this.#high < 0) this.#high = high
    if (high === this.#high) {
      this.#near.set(key, page >>> 0, 0)
      if (this.#far.size > 0) this.#far.forget(key)
    } else {
      this.#far.set(key, page >>> 0, high)
      this.#near.forget(key)
    }
  }
}

/** A vm area whose pages are known: runs of output pages, in order. */
interface Area {
  readonly start: number
  readonly end: number
  readonly runs: readonly { readonly frame: number; readonly count: number }[]
}

function areaOf({ fold }: Scope, e: EventOf<'area'>): Area | null {
  if (e.va === null || e.end === null || !Array.isArray(e.pages)) return null
  const pages: readonly Json[] = e.pages
  const runs = pages.filter(isJsonObject).map(({ pfn, count }) => ({
    frame: Number(pfn) * fold.sizes.page,
    count: Number(count ?? 1),
  }))
  return runs.length === 0 ? null : { start: pageOf(e.va), end: endPageOf(e.end), runs }
}

/** Output page of a page of an area, as area->pages[] says; undefined: it has none there. */
function pageIn({ start, runs }: Area, page: number, size: number): number | undefined {
  let index = Math.floor((page - start) / size)
  for (const { frame, count } of runs) {
    if (index < count) return frame + index * size
    index -= count
  }
  return undefined
}

/** Pages whose mapping and alias that a call touched are not writable together. */
function mismatches({ fold }: Scope, touched: Touched, vmalloc: MappedAt) {
  const { tables, geometry } = fold
  const writableAlias = new RangeList()
  const readonlyAlias = new RangeList()
  for (const [frame, alias] of touched) {
    const page = vmalloc.get(frame)
    if (page === undefined) continue
    const there = tables.leafAt(page)
    const here = tables.leafAt(alias)
    if (there === undefined || here === undefined) continue
    if ((there.slot.lo & here.slot.lo & VALID) === 0) continue
    // The area may have been mapped anew since: the entry must still lead to this page.
    if (frameOf(geometry, there.slot.lo, there.slot.hi) !== frame) continue
    // By AP[2], as the CPU reads it: without it DBM means nothing.
    const canWrite = (there.slot.lo & RDONLY) === 0
    if (canWrite === ((here.slot.lo & RDONLY) === 0)) continue
    if (canWrite) readonlyAlias.add(alias, alias + fold.sizes.page)
    else writableAlias.add(alias, alias + fold.sizes.page)
  }
  return { writableAlias, readonlyAlias }
}

/** A call that returned success, with what it did to aliases. */
interface Done {
  readonly call: OpenCall
  readonly seq: number
  readonly touched: Touched
}

const LONGEST = 2 ** 20

/** What one run shows of areas and of the linear map. */
class Aliases {
  readonly vmalloc: MappedAt
  readonly areas: Area[] = []
  /** Page of the linear map less its output page: one constant in each run, NaN: no entry has shown it. */
  offset = Number.NaN
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
    this.vmalloc = new MappedAt(scope.fold.sizes.shift)
  }

  learn(page: number, frame: number): void {
    if (this.#scope.fold.sizes.isLinear(page)) this.offset = page - frame
    else this.vmalloc.set(frame, page)
  }

  /** Output pages of a call's range, as the area or the entries say; those that are not known are left out. */
  *framesOf({ start, end }: OpenCall): Iterable<number> {
    const { tables, sizes, geometry } = this.#scope.fold
    if (end - start > LONGEST) return
    const area = this.areas.findLast((a) => a.start <= start && start < a.end)
    for (let page = start; page < end; page += sizes.page) {
      const listed = area === undefined ? undefined : pageIn(area, page, sizes.page)
      if (listed !== undefined) {
        yield listed
        continue
      }
      const leaf = tables.leafAt(page)
      if (leaf === undefined || (leaf.slot.lo | leaf.slot.hi) === 0) continue
      yield frameOf(geometry, leaf.slot.lo, leaf.slot.hi) + (page - leaf.page)
    }
  }
}

function judge(scope: Scope, { call, seq, touched }: Done, aliases: Aliases): void {
  const { writableAlias, readonlyAlias } = mismatches(scope, touched, aliases.vmalloc)
  if (!writableAlias.isEmpty) {
    scope.report({
      severity: 'error',
      call,
      proof: [call.seq, seq],
      start: writableAlias.start,
      end: writableAlias.end,
      message: `after ${call.fn} the linear alias ${writableAlias} of read-only pages is writable`,
    })
  }
  if (!readonlyAlias.isEmpty) {
    scope.report({
      severity: 'warning',
      call,
      proof: [call.seq, seq],
      start: readonlyAlias.start,
      end: readonlyAlias.end,
      message: `after ${call.fn} the linear alias ${readonlyAlias} of writable pages is read-only`,
    })
  }
}

/** Aliases of the pages asked for that were not changed along: forgotten, or another page's were. */
function forgotten(scope: Scope, { call, seq, touched }: Done, aliases: Aliases): void {
  if (Number.isNaN(aliases.offset)) return
  const { tables, sizes } = scope.fold
  const readOnly = call.fn !== 'set_memory_rw'
  const missing = new RangeList()
  for (const frame of aliases.framesOf(call)) {
    const alias = aliases.offset + frame
    if (touched.has(frame)) continue
    const leaf = tables.leafAt(alias)
    if (leaf !== undefined) {
      if ((leaf.slot.lo & VALID) === 0 || ((leaf.slot.lo & RDONLY) !== 0) === readOnly) continue
    } else if (scope.fold.run.source !== 'ftrace') continue
    missing.add(alias, alias + sizes.page)
  }
  if (missing.isEmpty) return
  scope.report({
    severity: 'error',
    call,
    proof: [call.seq, seq],
    start: missing.start,
    end: missing.end,
    message:
      `${call.fn} returned 0, but the linear alias ${missing} of its pages was not made ` +
      (readOnly ? 'read-only' : 'writable'),
  })
}

function known(byOp: BriefMap<number, Touched>, op: number): Touched {
  const touched = byOp.get(op) ?? new Map<number, number>()
  byOp.set(op, touched)
  return touched
}

export const aliasMismatch: Rule = {
  name: 'alias-mismatch',
  hazard: 'H16',
  sentence: 'With rodata=full a page and its linear alias are writable together or not at all.',
  needs: ['calls', 'stores'],
  remedies: [
    '7.3 changes the aliases of the pages asked for, no others.',
    'Up to 6.18 the aliases of the whole area follow each call: what another part asked for is undone.',
    '6.18 and 7.3 return the first error of an alias; up to 6.17 it is ignored.',
  ],
  start(scope) {
    let aliases = new Aliases(scope)
    const byOp = new BriefMap<number, Touched>()
    /** Calls without an alias pass: whether there should have been one shows when another call makes one. */
    const without: Done[] = []
    let makesPasses = scope.fold.feature('rodata_full') === 1
    const isOff = scope.fold.feature('rodata_full') === 0
    const touch = (op: number): Touched => known(byOp, op)
    const settle = () => {
      if (makesPasses) for (const done of without) forgotten(scope, done, aliases)
      without.length = 0
    }
    return {
      on: {
        area(e) {
          const area = areaOf(scope, e)
          if (area !== null) aliases.areas.push(area)
        },
        init(e) {
          if (e.level === null || e.va === null || e.new === null) return
          remember(scope, aliases, e)
        },
        desc_write() {
          const { write: s, call, sizes } = scope.fold
          if (s.isNone || s.isTable || s.level !== 'pte') return
          const frame = s.newFrame
          aliases.learn(s.page, frame)
          if (sizes.isLinear(s.page) && call !== null && CHANGES_ALIAS.has(call.fn)) {
            touch(call.op).set(frame, s.page)
          }
        },
        walk_end(e) {
          const { call, lane, tables, sizes, geometry } = scope.fold
          const walk = lane.innermost('walk')
          if (e.ret === null || e.ret >= 0 || call === null || walk === undefined) return
          if (!CHANGES_ALIAS.has(call.fn) || !sizes.isLinear(walk.start)) return
          const leaf = tables.leafAt(walk.start)
          if (leaf === undefined) return
          // An alias that was refused inside a block: the page's place in the block says which it is.
          const frame = frameOf(geometry, leaf.slot.lo, leaf.slot.hi) + (walk.start - leaf.page)
          touch(call.op).set(frame, walk.start)
        },
        op_end(e) {
          const { call, sizes } = scope.fold
          const touched = (e.op === null ? undefined : byOp.get(e.op)) ?? new Map<number, number>()
          if (e.op !== null) byOp.delete(e.op)
          if (call === null || !CHANGES_ALIAS.has(call.fn)) return
          const done = { call, seq: e.seq, touched }
          if (touched.size > 0) judge(scope, done, aliases)
          if (e.ret !== 0 || isOff || sizes.isLinear(call.start)) return
          // As soon as it can be judged: once vfree() has unmapped the area, nothing says which pages it had.
          if (touched.size > 0) makesPasses = true
          without.push(done)
          if (makesPasses && !Number.isNaN(aliases.offset)) settle()
        },
      },
      gap() {
        settle()
        aliases = new Aliases(scope)
        byOp.clear()
      },
      end() {
        settle()
        for (const call of scope.fold.unreturned) {
          if (CHANGES_ALIAS.has(call.fn)) scope.lacks(unreturned(call))
        }
      },
    }
  },
}

/** Small pages of the start state outside the linear map by what they map, and where the linear map lies. */
function remember({ fold }: Scope, aliases: Aliases, e: EventOf<'init'>): void {
  const start = pageOf(e.va!)
  const level = e.level!
  const isLinear = fold.sizes.isLinear(start)
  if (!isLinear && level !== 'pte') return
  const size = fold.sizes.of(level)
  const count = isLinear ? 1 : (e.count ?? 0)
  for (let i = 0; i < count; i++) {
    const page = start + i * size
    const slot = fold.tables.slot(level, page)
    if (slot !== undefined) aliases.learn(page, frameOf(fold.geometry, slot.lo, slot.hi))
  }
}
