export { CONT_PMD, CONT_PTE, LEVEL_NAMES, P4D, PGD, PMD, PTE, PUD } from './level.ts'
export type { Level, LevelName } from './level.ts'
export type { CallArgs, Context, Hooks, LockMode, WalkAction } from './hooks.ts'
