/**
 * The library: record runs, read them, ask of them. What stands under "stable core" keeps its form within a major
 * version; the rest may grow and change with a line in CHANGELOG.md.
 */

// --- Stable core: a database of runs, its events, and what is bad input.
export { InputError, openRuns } from '@pagetrail/recorder'
export type { OpenOptions, RunFile } from '@pagetrail/recorder'
export type { Call, EventSource, Run, RunGeometry, RunOrigin, RunState } from '@pagetrail/recorder'
export type { Common, EventOf, Json, Kind, TraceEvent } from '@pagetrail/recorder'

// --- Stable core: record.
export { recordRun } from '@pagetrail/recorder'
export type { Recorded, RunDescription, RunHooks } from '@pagetrail/recorder'

// --- Stable core: ask.
export { checkRun, diffRuns, reportRun, runQuery, whyDescriptor } from '@pagetrail/recorder'
export type { DiffVerdict, QueryResult } from '@pagetrail/recorder'

// --- Answers, which may gain fields.
export type { CheckReport, Diff, DiffOptions, RunReport, Why } from '@pagetrail/recorder'

// --- Record: the word form for hot paths, finished events, scenarios on the engine.
export { HookRecorder, recordScenario, RunWriter } from '@pagetrail/recorder'
export { scenarioNamed, SCENARIOS } from '@pagetrail/recorder'
export type { CallResult, EngineRun, EngineRunOptions, LibraryScenario } from '@pagetrail/recorder'
export type { RunMeta, WriteOptions } from '@pagetrail/recorder'

// --- Read: pages, filters, page tables after an event, the words of a descriptor.
export { closeStates, leavesOf, memorySource, stateAt, verify } from '@pagetrail/recorder'
export { parseFilter, toPredicate, toSql, FilterError } from '@pagetrail/recorder'
export { decodeDescriptor, descriptorText, runGeometry } from '@pagetrail/recorder'
export { evidenceOf, eventText, showsAll, showsIn } from '@pagetrail/recorder'
export type { Condition, DescriptorField, Evidence, Filter, Leaf } from '@pagetrail/recorder'
export type { PageRequest, PageState, StateOptions, Verification } from '@pagetrail/recorder'

// --- Ask: the answers as text and JSON, SQL, how a kernel compares with the engine.
export {
  diffJsonLines,
  diffLines,
  diffMarkdown,
  reportJsonLines,
  reportLines,
} from '@pagetrail/recorder'
export { conformRun, findQuery, QUERIES, queryText, whyLines } from '@pagetrail/recorder'
export type { CallVerdict, Query, QueryLimit, QueryOptions } from '@pagetrail/recorder'
export type { ReportOptions, SqlValue, WhyLevel, WhyStep } from '@pagetrail/recorder'

// --- The vocabulary.
export { fieldsOf, KIND_NAMES, KINDS } from '@pagetrail/recorder'
export type { Field, FieldType, KindSpec } from '@pagetrail/recorder'
