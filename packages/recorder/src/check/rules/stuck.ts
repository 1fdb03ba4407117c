import { hexOf } from '@pagetrail/engine'

import type { Lane } from '../fold/lane.ts'
import { hexPage, pageOf } from '../../observers/page-numbers.ts'
import type { Rule } from '../rule.ts'

export const wildWalk: Rule = {
  name: 'wild-walk',
  hazard: 'H10',
  sentence: 'Only an entry that points to a table is followed.',
  needs: ['callbacks'],
  remedies: [
    '7.3: kernel_page_present() and the callbacks use the leaf predicates, which know invalid blocks.',
    'Up to 6.18 an invalid block is neither none nor a section, and its output address is taken for a table.',
  ],
  start(scope) {
    return {
      on: {
        wild_deref(e) {
          const { call } = scope.fold
          scope.report({
            severity: 'error',
            proof: call === null ? [e.seq] : [call.seq, e.seq],
            message:
              e.fn === 'page_address'
                ? `${call?.fn ?? 'a call'} reads area->pages[] past its end`
                : `${call?.fn ?? 'a walk'} follows ${e.pa === null ? 'an entry' : hexOf(e.pa)}, which is not a table`,
          })
        },
        cb_enter(e) {
          const { tables, sizes } = scope.fold
          const parent = e.level === 'pte' ? 'pmd' : e.level === 'pmd' ? 'pud' : null
          if (parent === null || e.va === null) return
          const page = sizes.base(parent, pageOf(e.va))
          const slot = tables.slot(parent, page)
          if (slot === undefined || (slot.lo & 3) === 3 || (slot.lo | slot.hi) === 0) return
          // Folded levels share the entry of the level below: there is nothing to follow.
          if (e.level === 'pmd' && scope.fold.run.geometry?.levels === 2) return
          scope.report({
            severity: 'error',
            proof: [slot.seq, e.seq].filter((seq) => seq >= 0),
            start: page,
            message: `${e.fn} is called below the ${parent} at ${hexPage(page)}, which is not a table`,
          })
        },
        bug(e) {
          scope.report({ severity: 'error', proof: [e.seq], message: `BUG_ON in ${e.fn}` })
        },
      },
    }
  },
}

/** Where a walk is at one level. */
interface Place {
  walk: number
  page: number
  seq: number
  again: boolean
}

export const repeatedCallback: Rule = {
  name: 'repeated-callback',
  hazard: 'H17',
  sentence:
    'A walk calls back once for an entry, unless the callback asked for AGAIN, and comes to an end.',
  needs: ['callbacks'],
  remedies: [
    '7.3 resets walk->action before it looks at the entry; 6.12.107 leaves a stale AGAIN behind.',
    'Nothing bounds the retries: a callback that always asks for AGAIN never returns.',
  ],
  start(scope) {
    const places = new Map<Lane, Map<string, Place>>()
    const of = (lane: Lane) => {
      let known = places.get(lane)
      if (known === undefined) places.set(lane, (known = new Map<string, Place>()))
      return known
    }
    return {
      on: {
        cb_enter(e) {
          const { lane } = scope.fold
          const walk = lane.innermost('walk')
          if (walk === undefined || e.level === null || e.va === null) return
          const page = pageOf(e.va)
          const known = of(lane)
          const before = known.get(e.level)
          if (before?.walk === walk.seq && before.page === page && !before.again) {
            scope.report({
              severity: 'warning',
              proof: [before.seq, e.seq],
              start: page,
              message: `${e.fn} is called twice for the ${e.level} at ${hexOf(e.va)} though it did not ask for it`,
            })
          }
          if (before === undefined)
            known.set(e.level, { walk: walk.seq, page, seq: e.seq, again: false })
          else {
            before.walk = walk.seq
            before.page = page
            before.seq = e.seq
            before.again = false
          }
        },
        cb_exit(e) {
          const place = e.level === null ? undefined : of(scope.fold.lane).get(e.level)
          if (place !== undefined && e.action === 'again') place.again = true
        },
        livelock(e) {
          scope.report({
            severity: 'error',
            proof: [e.seq],
            message: `${e.fn} is called for the same ${e.level} without end (${e.repeats} times)`,
          })
        },
      },
      gap: () => places.clear(),
    }
  },
}
