/**
 * The kernel's names of page-table levels, as numbers, top first. A folded level keeps its name:
 * the walkers call it, its entry is simply the one of the level above or below (spec: pgtable-nop*.h).
 */
export const PGD = 0
export const P4D = 1
export const PUD = 2
export const PMD = 3
export const PTE = 4
/** Spans of contiguous PMDs or PTEs; only a `split` is ever made at these. */
export const CONT_PMD = 5
export const CONT_PTE = 6

export type Level =
  | typeof PGD
  | typeof P4D
  | typeof PUD
  | typeof PMD
  | typeof PTE
  | typeof CONT_PMD
  | typeof CONT_PTE

/** Index = level number. */
export const LEVEL_NAMES = ['pgd', 'p4d', 'pud', 'pmd', 'pte', 'contpmd', 'contpte'] as const
export type LevelName = (typeof LEVEL_NAMES)[number]
