import { Scene, type Style, type World } from './scene.ts'
import { BLOCK_CASES } from './block-cases.ts'
import type { VariedCase } from './case.ts'
import { FLUSH_CASES } from './flush-cases.ts'
import { STORE_CASES } from './store-cases.ts'
import { TABLE_CASES } from './table-cases.ts'

export const VARIED_CASES: readonly VariedCase[] = [
  ...FLUSH_CASES,
  ...STORE_CASES,
  ...TABLE_CASES,
  ...BLOCK_CASES,
]

const STYLES: readonly Style[] = ['function and tlbi', 'function', 'instructions']
const FLAVOURS = ['6.12', '6.17', '6.18', '7.3'] as const
const TASKS = [null, ['insmod-71', 'kworker/2:1-9']] as const

/** Page size, address width and levels, with an address in vmalloc and one in the linear map. */
const GEOMETRIES = [
  [12, 48, 4, 0xffff_8000_c000_0000n, 0xffff_0001_0004_0000n],
  [12, 39, 3, 0xffff_ffc0_c000_0000n, 0xffff_ff80_0100_0000n],
  [14, 47, 3, 0xffff_c000_c000_0000n, 0xffff_8001_0000_0000n],
  [16, 42, 2, 0xffff_fe00_c000_0000n, 0xffff_fc00_2000_0000n],
  [16, 48, 3, 0xffff_8000_c000_0000n, 0xffff_0001_0000_0000n],
] as const

/** Every combination of what does not change whether a run is right. */
export const WORLDS: readonly World[] = STYLES.flatMap((style) =>
  GEOMETRIES.flatMap(([pageShift, vaBits, levels, va, linear]) =>
    FLAVOURS.flatMap((flavour) =>
      TASKS.map((tasks): World => {
        const cpus: readonly [number, number] = tasks === null ? [0, 1] : [2, 5]
        const pa = 0x5_0004_0000n
        const place = { pageShift, vaBits, levels, va, linear, pa }
        return Object.assign(place, { flavour, style, tasks, cpus, features: {} })
      }),
    ),
  ),
)

/** What `check` says of a case in a world and should not, or does not say and should. `busy`: beside other calls. */
export function misjudged(each: VariedCase, world: World, busy: boolean): string[] {
  const scene = new Scene(
    each.features === undefined ? world : { ...world, features: each.features },
  )
  // In tables of their own.
  const far = 2 * Number(scene.page / 8n)
  if (busy) scene.others(far).calm(far)
  each.tell(scene)
  if (busy && each.undecided === undefined) scene.on(0).calm(far + 1)
  const { findings, verdicts } = scene.checked()
  const rules = new Set(findings.filter((f) => f.severity !== 'note').map((f) => f.rule))
  const known = new Set([...each.must.flat(), ...(each.also ?? [])])
  return [
    ...each.must
      .filter((any) => !any.some((rule) => rules.has(rule)))
      .map((any) => `missed: ${any.join(' or ')}`),
    ...[...rules].filter((rule) => !known.has(rule)).map((rule) => `wrong: ${rule}`),
    ...(each.undecided ?? [])
      .filter((rule) => verdicts.find((v) => v.rule === rule)?.status !== 'undecided')
      .map((rule) => `decided: ${rule}`),
  ]
}
