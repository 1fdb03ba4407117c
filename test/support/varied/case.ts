import { NG, RO, RW, type Scene, type World } from './scene.ts'

/** One thing that a run does, right or wrong, and what `check` has to say of it wherever it happens. */
export interface VariedCase {
  readonly name: string
  /** Of each list, one rule at least finds it, as an error or a warning; an empty list: the run is sound. */
  readonly must: readonly (readonly string[])[]
  tell(t: Scene): Scene
  /** Rules that may find the same fault besides. */
  readonly also?: readonly string[]
  /** Rules that have to leave it open. */
  readonly undecided?: readonly string[]
  /** Worlds in which it makes sense. */
  readonly only?: (world: World) => boolean
  readonly features?: World['features']
}

type More = Pick<VariedCase, 'also' | 'undecided' | 'only' | 'features'>

/** A list of cases, and what adds one to it. */
export function caseList() {
  const cases: VariedCase[] = []
  const add = (
    name: string,
    must: VariedCase['must'],
    tell: VariedCase['tell'],
    more: More = {},
  ): void => {
    cases.push({ name, must, tell, ...more })
  }
  return { cases, add }
}

export const SOUND: VariedCase['must'] = []
export const UNFLUSHED: VariedCase['must'] = [['flush-missing']]
export const UNASKED: VariedCase['must'] = [['unasked-change']]

/** A writable page becomes read-only. */
export const ro = (t: Scene, p = 0): Scene =>
  t.walk(t.at(p), [[t.at(p), t.desc(RW, p), t.desc(RO, p)]])

/** set_memory_ro() of the first page, up to where its barrier is due. */
export const roCall = (t: Scene): Scene => ro(t.init(RW, 4).begin('set_memory_ro', t.at(0), 1))

/** What a version makes of a page that is switched off. */
export const off = ({ world }: Scene): bigint =>
  world.flavour === '7.3' ? (RW & ~1n) | NG : RW & ~1n

/** set_memory_valid() of the first page, up to where its flush is due, barrier included. */
export const switched = (t: Scene, enable: 0 | 1, old: bigint, now: bigint): Scene =>
  t
    .begin('set_memory_valid', t.at(0), 1, { enable })
    .walk(t.at(0), [[t.at(0), t.desc(old, 0), t.desc(now, 0)]])
    .barrier()

/** Two pages of the linear map. */
export const linear = (t: Scene): Scene =>
  t.add('init', {
    level: 'pte',
    va: t.world.linear,
    new: t.desc(RW, 0),
    count: 2,
    pa_step: t.page,
  })
