export { access, tlbEvict, tlbFill } from './machine/access.ts'
export { PROGRAM_ACTIONS } from './kernel/calls/actions.ts'
export { applyToExistingPageRange, applyToPageRange } from './kernel/apply.ts'
export type { PteFn } from './kernel/apply.ts'
export type { Call, CallInput } from './kernel/calls/call-spec.ts'
export { CALL_NAMES, parseCall } from './kernel/calls/call-table.ts'
export { CHANGE_VARIANTS, SPLIT_VARIANTS, splitAndProtect } from './kernel/races/contpte-race.ts'
export type { ChangeVariant, SplitVariant } from './kernel/races/contpte-race.ts'
export { inInterrupt, mightSleep, setContext } from './machine/context.ts'
export { Cpu } from './machine/cpu.ts'
export type { Area, System } from './machine/cpu.ts'
export { BIT, HI, LO, bits, pageKernel, pageKernelExec, pageKernelRo } from './arch/descriptor.ts'
export { pageKernelRox, physHi, physLo, physOf, union } from './arch/descriptor.ts'
export type { BitName, ProtConfig } from './arch/descriptor.ts'
export {
  canSetDirectMap,
  kernelMapPages,
  kernelPagePresent,
  setDirectMapDefaultNoflush,
  setDirectMapInvalidNoflush,
  setDirectMapValidNoflush,
} from './kernel/direct-map.ts'
export { EAGAIN, EBUSY, EINVAL, ENOMEM } from './arch/errno.ts'
export { DEFAULT_FEATURES, deriveConstants } from './machine/features.ts'
export type { Constants, Features } from './machine/features.ts'
export { FLAVOUR_NAMES, FLAVOURS, flavourOf } from './machine/flavour.ts'
export type { Flavour } from './machine/flavour.ts'
export {
  GEOMETRIES,
  GEOMETRY_NAMES,
  addrEnd,
  createGeometry,
  geometryName,
  indexOf,
  levelsOf,
} from './arch/geometry.ts'
export type { Geometry, GeometryChoice } from './arch/geometry.ts'
export { dmb, dsb, isb, tlbi } from './kernel/instructions.ts'
export { BARRIER_SCOPES, LOCK_MODES } from './machine/hooks.ts'
export type {
  BarrierScope,
  CallArgs,
  Context,
  Hooks,
  LockMode,
  WalkAction,
} from './machine/hooks.ts'
export { defineImplementation, implementScenario } from './play/implementation.ts'
export type { CallBody, Implementation } from './play/implementation.ts'
export { InputError } from './arch/input-error.ts'
export {
  emitBarriers,
  lazyMmuEnter,
  lazyMmuLeave,
  lazyMmuPause,
  lazyMmuResume,
  queueBarriers,
} from './kernel/lazy-mmu.ts'
export type { LeafRun } from './machine/leaf-runs.ts'
export { CONT_PMD, CONT_PTE, LEVEL_NAMES, P4D, PGD, PMD, PTE, PUD } from './arch/level.ts'
export type { Level, LevelName } from './arch/level.ts'
export {
  archKfenceInitPool,
  kfenceProtectPage,
  linearMapMaybeSplitToPtes,
} from './kernel/linear-map-split.ts'
export { lock, tryLock, unlock } from './machine/locks.ts'
export { Lock } from './machine/lock.ts'
export { ClassSearch, searchClasses } from './explore/dpor.ts'
export type { DporCounts, DporLimits, SavedClasses } from './explore/dpor.ts'
export { PairTable } from './explore/pair-table.ts'
export { Chance, ScheduleSampler, sampleSchedules } from './explore/random.ts'
export type { Sample, SampleOptions, Sampling, SavedSample } from './explore/random.ts'
export { COUNTED_STEPS, DEADLOCK, SearchMachine } from './explore/search-machine.ts'
export type { CountedSteps, SearchSetup, Watch } from './explore/search-machine.ts'
export { shrinkSchedule } from './explore/shrink.ts'
export type { ShrinkOptions, ShrunkSchedule } from './explore/shrink.ts'
export { smallestSchedule } from './explore/smallest.ts'
export type { FoundSchedule } from './explore/smallest.ts'
export { StateSearch } from './explore/state-search.ts'
export type { RuleCount, SavedStates, StateCounts, StateLimits } from './explore/state-search.ts'
export { VectorTree } from './explore/vector-tree.ts'
export { Machine, createMachine } from './play/machine.ts'
export type { MachineOptions } from './play/machine.ts'
export {
  atomicChange,
  compareExchange,
  exchange,
  loadHi,
  loadLo,
  store,
} from './machine/load-store.ts'
export type { Slot } from './machine/memory.ts'
export { setMemoryDecrypted, setMemoryEncrypted } from './kernel/mem-encrypt.ts'
export type { RsiOutcome } from './kernel/mem-encrypt.ts'
export { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from './machine/offsets.ts'
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
} from './kernel/pageattr.ts'
export { masksFor, ownMasks } from './kernel/pageattr-masks.ts'
export type { Change, PageattrMasks } from './kernel/pageattr-masks.ts'
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
} from './arch/predicates.ts'
export { parseScenario } from './play/parse-scenario.ts'
export type { CpuProgram, Interleaving, Scenario } from './play/scenario.ts'
export type { ScenarioChoice } from './play/parse-scenario.ts'
export { buildMachine, playScenario, runScenario, scenarioWorks } from './play/scenario-run.ts'
export type { CallOutcome, OnCall, PlayedScenario, ScenarioOutcome } from './play/scenario-run.ts'
export { runChosen, runSchedule } from './play/schedule.ts'
export { flavourOfSchedule, schedulePrefix } from './play/schedule-prefix.ts'
export { parseEntries, parseSchedule, printEntries, printSchedule } from './play/schedule-text.ts'
export type { ScheduleEntry } from './play/schedule-text.ts'
export type { CpuWork, Interrupt } from './play/thread.ts'
export type { Chooser, ScheduleOutcome } from './play/schedule.ts'
export type { Program, ScheduledCpu } from './play/scheduled-cpu.ts'
export {
  pteClear,
  ptepGetAndClear,
  ptepTrySet,
  setPte,
  setPteNosync,
  setPtes,
} from './kernel/set-pte.ts'
export { populate, setP4d, setPgd, setPmd, setPud } from './kernel/set-table.ts'
export { rangeSplitToPtes, splitKernelLeafMapping } from './kernel/split.ts'
export type { InitRun } from './machine/start-state.ts'
export type { Stepper } from './machine/stepper.ts'
export { SilentHooks } from './machine/silent-hooks.ts'
export { KernelStop, Suspended } from './machine/stop.ts'
export { allocTable } from './kernel/table-alloc.ts'
export type { Gfp } from './kernel/table-alloc.ts'
export { flushTlbAll, flushTlbKernelPgtable, flushTlbKernelRange } from './kernel/tlb.ts'
export { TlbModel } from './machine/tlb-model.ts'
export type { AccessChoice, AccessMode, AccessOutcome, AccessResult } from './machine/tlb-model.ts'
export type { FillChoice } from './machine/tlb-model.ts'
export type { TlbEntry } from './machine/tlb-state.ts'
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
  u64OfInput,
  u64OfText,
  wordsOf,
} from './arch/u64.ts'
export type { Pa, Va, Words } from './arch/u64.ts'
export {
  walkKernelPageTableRange,
  walkKernelPageTableRangeLockless,
  walkPageRangeDebug,
} from './kernel/walk-api.ts'
export { ACTION_AGAIN, ACTION_CONTINUE, ACTION_SUBTREE, walkOps } from './kernel/walk-ops.ts'
export type { Action, EntryFn, Walk, WalkLock, WalkMembers, WalkOps } from './kernel/walk-ops.ts'
export { WALK_RETRIES } from './kernel/walk.ts'
export { walkPageRange } from './kernel/walk-vma.ts'
export type { Mm, MmapLock, Vma, VmaKind } from './machine/mm.ts'
export type { MmStart } from './play/parse-mms.ts'
export { warnOn, warnOnOnce } from './machine/warn.ts'
