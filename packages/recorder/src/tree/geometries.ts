import { type GeometryChoice, geometryName, InputError, levelsOf } from '@pagetrail/engine'

/** A geometry that a tree can be configured for, and what its `.config` then says. */
export interface TreeGeometry {
  readonly name: string
  readonly choice: GeometryChoice
  readonly levels: number
}

const geometry = (pageShift: number, vaBits: number): TreeGeometry => ({
  name: geometryName(pageShift, vaBits),
  choice: { page_shift: pageShift, va_bits: vaBits },
  levels: levelsOf(pageShift, vaBits),
})

/** Those that were compared with the corpus. */
export const TREE_GEOMETRIES: readonly TreeGeometry[] = [
  geometry(12, 48),
  geometry(12, 39),
  geometry(14, 47),
  geometry(16, 42),
]
export const TREE_GEOMETRY_NAMES = TREE_GEOMETRIES.map(({ name }) => name)

/** @throws InputError for one that a tree is not run with */
export function treeGeometry({ page_shift, va_bits }: GeometryChoice): TreeGeometry {
  const found = TREE_GEOMETRIES.find(
    ({ choice }) => choice.page_shift === page_shift && choice.va_bits === va_bits,
  )
  if (found) return found
  throw new InputError(
    `a tree is run with the geometries ${TREE_GEOMETRY_NAMES.join(', ')}; ${geometryName(page_shift, va_bits)} runs on the engine (--flavour)`,
  )
}

const ON = [
  'MMU',
  'SMP',
  'DEBUG_KERNEL',
  'DEBUG_PAGEALLOC',
  'KFENCE',
  'UNMAP_KERNEL_AT_EL0',
  'RELOCATABLE',
  'STRICT_KERNEL_RWX',
  'RODATA_FULL_DEFAULT_ENABLED',
  'PRINTK',
  'BUG',
  'MODULES',
  'EXPERT',
  'CC_OPTIMIZE_FOR_PERFORMANCE',
  'ARM64_PA_BITS_48',
]
const OFF = [
  'STACKPROTECTOR',
  'TRANSPARENT_HUGEPAGE',
  'HUGETLBFS',
  'ARM64_MTE',
  'ARM64_CONTPTE',
  'ARM64_HAFT',
  'ARM64_POE',
  'ARM64_PTR_AUTH',
  'JUMP_LABEL',
  'ARM64_PA_BITS_52',
]
const PAGES = { 12: 'ARM64_4K_PAGES', 14: 'ARM64_16K_PAGES', 16: 'ARM64_64K_PAGES' } as const
const VA_BITS = [36, 39, 42, 47, 48, 52]

/** Arguments of the tree's own scripts/config. 52-bit addresses come back unless they are switched off. */
export function configArguments({ choice }: TreeGeometry): string[] {
  const off = [
    ...OFF,
    ...Object.values(PAGES).filter((name) => name !== pagesOf(choice)),
    ...VA_BITS.filter((bits) => bits !== choice.va_bits).map((bits) => `ARM64_VA_BITS_${bits}`),
  ]
  const on = [...ON, pagesOf(choice), `ARM64_VA_BITS_${choice.va_bits}`]
  return [...off.flatMap((name) => ['-d', name]), ...on.flatMap((name) => ['-e', name])]
}

const pagesOf = ({ page_shift: shift }: GeometryChoice): string =>
  shift === 12 || shift === 14 || shift === 16 ? PAGES[shift] : ''

/** @throws InputError where Kconfig did not give what was asked for */
export function checkConfig(config: string, wanted: TreeGeometry): void {
  const { choice, levels, name } = wanted
  const pages = Object.entries(PAGES).find(([, symbol]) => config.includes(`CONFIG_${symbol}=y\n`))
  const bits = Number(/^CONFIG_ARM64_VA_BITS=(\d+)$/m.exec(config)?.[1])
  const depth = Number(/^CONFIG_PGTABLE_LEVELS=(\d+)$/m.exec(config)?.[1])
  if (Number(pages?.[0]) === choice.page_shift && bits === choice.va_bits && depth === levels)
    return
  const got = `${2 ** (Number(pages?.[0]) - 10)}k-${bits} with ${depth} levels`
  throw new InputError(
    `the tree's Kconfig gives ${got} where ${name} with ${levels} levels was asked for`,
  )
}
