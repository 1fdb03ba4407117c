import { type DiffVerdict, diffRuns } from '@pagetrail/recorder'

import { linear, off, ro, roCall } from './case.ts'
import { PXN, RO, RW, Scene, type World } from './scene.ts'

type Tell = (t: Scene) => Scene

/** Two runs, and what a comparison has to say of them, whichever is on the left. */
export interface VariedPair {
  readonly name: string
  readonly left: Tell
  readonly right: Tell
  readonly verdicts: readonly DiffVerdict[]
  /** Calls that have no counterpart. */
  readonly alone: number
}

const IDENTICAL: readonly DiffVerdict[] = ['identical']
const ANOTHER_PATH: readonly DiffVerdict[] = ['same effects by another path']
const OTHER_EFFECTS: readonly DiffVerdict[] = ['same outcome, different effects']
const OTHER_OUTCOME: readonly DiffVerdict[] = ['different outcome']
const DIFFERENT = [...OTHER_EFFECTS, ...OTHER_OUTCOME]

export const VARIED_PAIRS: VariedPair[] = []
const add = (
  name: string,
  left: Tell,
  right: Tell,
  verdicts: readonly DiffVerdict[],
  alone = 0,
): void => {
  VARIED_PAIRS.push({ name, left, right, verdicts, alone })
}

const base: Tell = (t) => roCall(t).barrier().flush(t.at(0)).end('set_memory_ro')
add('same', base, base, IDENTICAL)
add(
  'flush first',
  base,
  (t) =>
    ro(t.init(RW, 4).begin('set_memory_ro', t.at(0), 1).flush(t.at(0)))
      .barrier()
      .end('set_memory_ro'),
  OTHER_EFFECTS,
)
add('no flush', base, (t) => roCall(t).barrier().end('set_memory_ro'), OTHER_EFFECTS)
add(
  'flush of another page',
  base,
  (t) => roCall(t).barrier().flush(t.at(1)).end('set_memory_ro'),
  OTHER_EFFECTS,
)
add(
  'flush of two pages',
  base,
  (t) => roCall(t).barrier().flush(t.at(0), 2).end('set_memory_ro'),
  ANOTHER_PATH,
)
add(
  'flush twice',
  base,
  (t) => roCall(t).barrier().flush(t.at(0)).flush(t.at(0)).end('set_memory_ro'),
  ANOTHER_PATH,
)
add(
  'two barriers',
  base,
  (t) => roCall(t).barrier().barrier().flush(t.at(0)).end('set_memory_ro'),
  ANOTHER_PATH,
)
add(
  'flush after call too',
  base,
  (t) => roCall(t).barrier().flush(t.at(0)).end('set_memory_ro').flush(t.at(0)),
  ANOTHER_PATH,
)
add(
  'other return',
  base,
  (t) => roCall(t).barrier().flush(t.at(0)).end('set_memory_ro', -12),
  OTHER_OUTCOME,
)
add(
  'through empty',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [
        [t.at(0), t.desc(RW, 0), 0n],
        [t.at(0), 0n, t.desc(RO, 0)],
      ])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  OTHER_EFFECTS,
)
add(
  'through invalid',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [
        [t.at(0), t.desc(RW, 0), t.desc(RW & ~1n, 0)],
        [t.at(0), t.desc(RW & ~1n, 0), t.desc(RO, 0)],
      ])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  OTHER_EFFECTS,
)
add(
  'through rw',
  (t) =>
    t
      .init(RO, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RO, 0), t.desc(RO, 0)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  (t) =>
    t
      .init(RO, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [
        [t.at(0), t.desc(RO, 0), t.desc(RW, 0)],
        [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
      ])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  OTHER_EFFECTS,
)
add(
  'also exec',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO & ~PXN, 0)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  DIFFERENT,
)
add(
  'bit 60',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0) | (1n << 60n)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  DIFFERENT,
)
add(
  'sw bit',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0) ^ (1n << 56n)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  DIFFERENT,
)
add(
  'other page stored',
  base,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(1), [[t.at(1), t.desc(RW, 1), t.desc(RO, 1)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  DIFFERENT,
)
const en =
  (tail: Tell): Tell =>
  (t) =>
    tail(
      t
        .init(off(t), 4)
        .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
        .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RW, 0)]]),
    )
add(
  'barrier gone',
  en((t) => t.barrier().end('set_memory_valid')),
  en((t) => t.end('set_memory_valid')),
  OTHER_EFFECTS,
)
add(
  'isb gone',
  en((t) => t.add('dsb', { scope: 'ishst' }).add('isb').end('set_memory_valid')),
  en((t) => t.add('dsb', { scope: 'ishst' }).end('set_memory_valid')),
  OTHER_EFFECTS,
)
const nf =
  (tail: Tell): Tell =>
  (t) =>
    tail(
      linear(t)
        .begin('set_direct_map_invalid_noflush', t.world.linear, 1)
        .walk(t.world.linear, [[t.world.linear, t.desc(RW, 0), t.desc(off(t), 0)]])
        .barrier()
        .end('set_direct_map_invalid_noflush'),
    )
const next: Tell = (t) =>
  t
    .begin('flush_tlb_kernel_range', t.world.linear, 1)
    .flush(t.world.linear)
    .end('flush_tlb_kernel_range')
add(
  'later call flushes or not',
  nf(next),
  nf((t) => t.begin('flush_tlb_kernel_range', t.world.linear, 1).end('flush_tlb_kernel_range')),
  OTHER_EFFECTS,
)
add(
  'outside flush or not',
  nf((t) => t.flush(t.world.linear).begin('set_memory_nx', t.at(8), 1).end('set_memory_nx', -22)),
  nf((t) => t.begin('set_memory_nx', t.at(8), 1).end('set_memory_nx', -22)),
  OTHER_EFFECTS,
)
const one = (t: Scene, pg: number) =>
  t
    .begin('set_memory_ro', t.at(pg), 1)
    .walk(t.at(pg), [[t.at(pg), t.desc(RW, pg), t.desc(RO, pg)]])
    .barrier()
    .flush(t.at(pg))
    .end('set_memory_ro')
add(
  'two calls exchanged',
  (t) => one(one(t.init(RW, 4), 0), 2),
  (t) => one(one(t.init(RW, 4), 2), 0),
  ANOTHER_PATH,
)
add(
  'one call more',
  (t) => one(t.init(RW, 4), 0),
  (t) => one(one(t.init(RW, 4), 0), 2),
  OTHER_OUTCOME,
  1,
)

/** What is wrong with the comparison of a pair in a world; null: nothing. `isSwapped`: the right run on the left. */
export function misjudgedPair(pair: VariedPair, world: World, isSwapped: boolean): string | null {
  const sides = [pair.left, pair.right].map((tell, i) => tell(new Scene(world)).source(i + 1))
  const [a, b] = isSwapped ? sides.toReversed() : sides
  const { verdict, calls } = diffRuns(a!, b!)
  const alone = calls.onlyLeft.total + calls.onlyRight.total
  if (pair.verdicts.includes(verdict) && alone === pair.alone) return null
  return `${verdict}, calls alone: ${alone}`
}
