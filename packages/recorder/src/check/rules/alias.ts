import { ABSENT, EntryTable } from '../../tables/entry-table.ts'
import { frameOf, isWritable, VALID } from '../fold/descriptor.ts'
import type { OpenCall } from '../fold/lane.ts'
import { pageOf } from '../fold/page.ts'
import { RangeList } from '../fold/range-list.ts'
import type { Rule, Scope } from '../rule.ts'

/** Linear aliases that a call changed or was refused, by the output page they map. */
type Touched = Map<number, number>

/** Output page to the vmalloc page that last mapped it, of the small pages seen: there may be millions. */
class MappedAt {
  readonly #pages = new EntryTable()

  get(frame: number): number | undefined {
    const place = this.#pages.find(frame)
    if (place === ABSENT) return undefined
    return this.#pages.hi(place) * 2 ** 32 + this.#pages.lo(place)
  }

  set(frame: number, page: number): void {
    this.#pages.set(frame, page >>> 0, Math.floor(page / 2 ** 32))
  }
}

/** Calls that change the linear alias with the mapping. */
const CHANGES_ALIAS: ReadonlySet<string> = new Set(['set_memory_ro', 'set_memory_rw'])

function mismatches(scope: Scope, touched: Touched, vmalloc: MappedAt) {
  const { tables, geometry } = scope.fold
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
    const canWrite = isWritable(there.slot.lo, there.slot.hi)
    if (canWrite === isWritable(here.slot.lo, here.slot.hi)) continue
    if (canWrite) readonlyAlias.add(alias, alias + 1)
    else writableAlias.add(alias, alias + 1)
  }
  return { writableAlias, readonlyAlias }
}

function judge(scope: Scope, call: OpenCall, seq: number, touched: Touched, vmalloc: MappedAt) {
  const { writableAlias, readonlyAlias } = mismatches(scope, touched, vmalloc)
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

export const aliasMismatch: Rule = {
  name: 'alias-mismatch',
  hazard: 'H16',
  sentence: 'With rodata=full a page and its linear alias are writable together or not at all.',
  needs: ['stores'],
  remedies: [
    '7.3 changes the aliases of the pages asked for, no others.',
    'Up to 6.18 the aliases of the whole area follow each call: what another part asked for is undone.',
    '6.18 and 7.3 return the first error of an alias; up to 6.17 it is ignored.',
  ],
  start(scope) {
    let vmalloc = new MappedAt()
    const byOp = new Map<number, Touched>()
    const touch = (op: number): Touched => {
      const touched = byOp.get(op) ?? new Map<number, number>()
      byOp.set(op, touched)
      return touched
    }
    return {
      on: {
        init(e) {
          if (e.level !== 'pte' || e.va === null || e.new === null) return
          remember(scope, vmalloc, e.va, e.count ?? 0)
        },
        desc_write() {
          const { write: s, call, sizes } = scope.fold
          if (s.isNone || s.isTable) return
          if (s.level !== 'pte') return
          const frame = s.newFrame
          if (!sizes.isLinear(s.page)) vmalloc.set(frame, s.page)
          else if (call !== null && CHANGES_ALIAS.has(call.fn)) touch(call.op).set(frame, s.page)
        },
        walk_end(e) {
          const { call, lane, tables, sizes, geometry } = scope.fold
          const walk = lane.innermost('walk')
          if (e.ret === null || e.ret >= 0 || call === null || walk === undefined) return
          if (!CHANGES_ALIAS.has(call.fn) || !sizes.isLinear(walk.start)) return
          const leaf = tables.leafAt(walk.start)
          if (leaf === undefined) return
          // An alias that was refused inside a block: the page's place in the block tells which it is.
          const frame = frameOf(geometry, leaf.slot.lo, leaf.slot.hi) + (walk.start - leaf.page)
          touch(call.op).set(frame, walk.start)
        },
        op_end(e) {
          const { call } = scope.fold
          const touched = e.op === null ? undefined : byOp.get(e.op)
          if (e.op !== null) byOp.delete(e.op)
          if (call !== null && touched !== undefined) judge(scope, call, e.seq, touched, vmalloc)
        },
      },
      gap() {
        vmalloc = new MappedAt()
        byOp.clear()
      },
    }
  },
}

/** Pages of the start state outside the linear map, by what they map. */
function remember({ fold }: Scope, vmalloc: MappedAt, va: bigint, count: number): void {
  const start = pageOf(va)
  if (fold.sizes.isLinear(start)) return
  for (let i = 0; i < count; i++) {
    const page = start + i * fold.sizes.page
    const slot = fold.tables.slot('pte', page)
    if (slot !== undefined) vmalloc.set(frameOf(fold.geometry, slot.lo, slot.hi), page)
  }
}
