export { access, tlbEvict, tlbFill } from './access.ts'
export { PROGRAM_ACTIONS } from './actions.ts'
export { applyToExistingPageRange, applyToPageRange } from './apply.ts'
export type { PteFn } from './apply.ts'
export type { Call, CallInput } from './call-spec.ts'
export { CALL_NAMES, parseCall } from './calls.ts'
export { CHANGE_VARIANTS, SPLIT_VARIANTS, splitAndProtect } from './contpte-race.ts'
export type { ChangeVariant, SplitVariant } from './contpte-race.ts'
export { inInterrupt, mightSleep, setContext } from './context.ts'
export { Cpu } from './cpu.ts'
export type { Area, System } from './cpu.ts'
export { BIT, HI, LO, bits, pageKernel, pageKernelExec, pageKernelRo } from './descriptor.ts'
export { pageKernelRox, physHi, physLo, physOf, union } from './descriptor.ts'
export type { BitName, ProtConfig } from './descriptor.ts'
export {
  canSetDirectMap,
  kernelMapPages,
  kernelPagePresent,
  setDirectMapDefaultNoflush,
  setDirectMapInvalidNoflush,
  setDirectMapValidNoflush,
} from './direct-map.ts'
export { EAGAIN, EBUSY, EINVAL, ENOMEM } from './errno.ts'
export { DEFAULT_FEATURES, deriveConstants } from './features.ts'
export type { Constants, Features } from './features.ts'
export { FLAVOURS, flavourOf } from './flavour.ts'
export type { Flavour } from './flavour.ts'
export { GEOMETRIES, addrEnd, createGeometry, geometryName, indexOf } from './geometry.ts'
export type { Geometry, GeometryChoice } from './geometry.ts'
export type { CallArgs, Context, Hooks, LockMode, WalkAction } from './hooks.ts'
export { defineImplementation, implementScenario } from './implementation.ts'
export type { CallBody, Implementation } from './implementation.ts'
export { InputError } from './input-error.ts'
export {
  emitBarriers,
  lazyMmuEnter,
  lazyMmuLeave,
  lazyMmuPause,
  lazyMmuResume,
  queueBarriers,
} from './lazy-mmu.ts'
export type { LeafRun } from './leaves.ts'
export { CONT_PMD, CONT_PTE, LEVEL_NAMES, P4D, PGD, PMD, PTE, PUD } from './level.ts'
export type { Level, LevelName } from './level.ts'
export {
  archKfenceInitPool,
  kfenceProtectPage,
  linearMapMaybeSplitToPtes,
} from './linear-map-split.ts'
export { Lock, lock, unlock } from './locks.ts'
export { Machine, createMachine } from './machine.ts'
export type { MachineOptions } from './machine.ts'
export { atomicChange, compareExchange, exchange, loadHi, loadLo, store } from './memory.ts'
export type { Slot } from './memory.ts'
export { setMemoryDecrypted, setMemoryEncrypted } from './mem-encrypt.ts'
export type { RsiOutcome } from './mem-encrypt.ts'
export { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from './offsets.ts'
export {
  changeMemory,
  findVmArea,
  linearAddress,
  pageAddress,
  setMemoryNx,
  setMemoryRo,
  setMemoryRox,
  setMemoryRw,
  setMemoryValid,
  setMemoryX,
  updateRange,
} from './pageattr.ts'
export { masksFor, ownMasks } from './pageattr-masks.ts'
export type { Change, PageattrMasks } from './pageattr-masks.ts'
export {
  isCont,
  isNone,
  isPresent,
  isPresentInvalid,
  isSect,
  isTable,
  isValid,
  isValidNotUser,
  p4dNone,
  pgdNone,
  pmdLeaf,
  pudLeaf,
  pudNone,
} from './predicates.ts'
export { parseScenario } from './scenario.ts'
export type { CpuProgram, Interleaving, Scenario, ScenarioChoice } from './scenario.ts'
export { buildMachine, playScenario, runScenario } from './scenario-run.ts'
export type { CallOutcome, OnCall, PlayedScenario, ScenarioOutcome } from './scenario-run.ts'
export { parseSchedule, printSchedule, runChosen, runSchedule } from './schedule.ts'
export type { Chooser, ScheduleOutcome } from './schedule.ts'
export type { Program } from './scheduled-cpu.ts'
export { pteClear, ptepGetAndClear, ptepTrySet, setPte, setPteNosync, setPtes } from './set-pte.ts'
export { populate, setP4d, setPgd, setPmd, setPud } from './set-table.ts'
export { rangeSplitToPtes, splitKernelLeafMapping } from './split.ts'
export type { InitRun } from './start-state.ts'
export type { Stepper } from './stepper.ts'
export { KernelStop, Suspended } from './stop.ts'
export { allocTable } from './table-alloc.ts'
export type { Gfp } from './table-alloc.ts'
export { flushTlbAll, flushTlbKernelPgtable, flushTlbKernelRange } from './tlb.ts'
export { TlbModel } from './tlb-model.ts'
export type { AccessChoice, AccessMode, AccessOutcome, AccessResult } from './tlb-model.ts'
export type { FillChoice, TlbEntry } from './tlb-model.ts'
export {
  addressOf,
  alignDown,
  bigintOf,
  fromVa,
  hexOf,
  hexOfWords,
  hiOf,
  isAligned,
  isBelow,
  loOf,
  toVa,
  wordsOf,
} from './u64.ts'
export type { Pa, Va, Words } from './u64.ts'
export {
  walkKernelPageTableRange,
  walkKernelPageTableRangeLockless,
  walkPageRangeDebug,
} from './walk-api.ts'
export { ACTION_AGAIN, ACTION_CONTINUE, ACTION_SUBTREE, walkOps } from './walk-ops.ts'
export type { Action, EntryFn, Walk, WalkMembers, WalkOps } from './walk-ops.ts'
export { WALK_RETRIES } from './walk.ts'
export { warnOn, warnOnOnce } from './warn.ts'
