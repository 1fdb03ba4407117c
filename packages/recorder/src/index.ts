export { Batch, BATCH_EVENTS } from './event/batch.ts'
export { eventFromJson, eventToJson, putEvent } from './event/codec.ts'
export type { JsonObject } from './event/codec.ts'
export { InputError } from '@pagetrail/engine'
export { didYouMean, nearest } from './event/nearest.ts'
export { count, many, sizeText } from './event/quantity.ts'
export { fieldsOf, KIND_NAMES, kindOfId, KINDS, nestOf } from './event/kinds.ts'
export type { Common, EventOf, Json, Kind, TraceEvent } from './event/kinds.ts'
export type { Field, FieldType, KindSpec } from './event/kind-spec.ts'
export { evidenceOf, showsAll, showsIn } from './event/evidence.ts'
export type { Evidence } from './event/evidence.ts'
export { ASKED, memorySource } from './event/run.ts'
export type { Call, EventSource, Run, RunGeometry, RunOrigin, RunState } from './event/run.ts'
export { COLUMN_NAMES } from './event/event-columns.ts'
export type { FieldValue, Intern, NameOf } from './event/field-codec.ts'
export { chromeChunks, chromePairChunks } from './export/chrome.ts'
export type { PairedRun } from './export/chrome.ts'
export { pairNumbers } from './diff/pair-numbers.ts'
export type { PairNumbers } from './diff/pair-numbers.ts'
export { csvChunks } from './export/csv.ts'
export type { CsvOptions } from './export/csv.ts'
export { jsonlChunks } from './export/jsonl.ts'
export { JsonlParser } from './import/jsonl-parse.ts'
export type { JsonlSink } from './import/jsonl-parse.ts'
export type { RunHeader } from './event/run-header.ts'
export { RUN_COLUMNS, TABLE_COLUMNS } from './export/columns.ts'
export { exportParquet, exportSummary, parquetPath, summaryPath } from './export/parquet.ts'
export {
  SUMMARY_COLUMNS,
  summaryCsv,
  summaryHead,
  summaryJson,
  summaryOf,
} from './export/summary.ts'
export type { ParquetOptions, ParquetReport } from './export/parquet.ts'
export { writeFileAtomic } from './export/atomic-file.ts'
export { spanOf } from './page/table-section.ts'
export { parseFilter } from './filter/parse.ts'
export type { Filter, FilterNode } from './filter/parse.ts'
export { completeFilter } from './filter/complete.ts'
export { isPlainText, wordsFilter } from './filter/plain-text.ts'
export type { Completion } from './filter/complete.ts'
export { FILTER_FIELDS } from './filter/filter-fields.ts'
export { FilterError } from './filter/lex.ts'
export { toPredicate, toSql } from './filter/to-sql.ts'
export { HookRecorder } from './record/hook-recorder.ts'
export { recordRun } from './record/record-run.ts'
export type { Recorded, RunDescription } from './record/record-run.ts'
export { RunHooks } from './record/run-hooks.ts'
export type { HookRange } from './record/run-hooks.ts'
export type { Condition } from './event/condition.ts'
export type { PageRequest } from './store/event-reader.ts'
export type { RunMeta } from './store/run-row.ts'
export { openRuns, RunFile } from './store/run-file.ts'
export { fallText, goneText } from './store/fallen.ts'
export type { OpenOptions } from './store/run-file.ts'
export { runWithSameEvents } from './import/same-events.ts'
export { isPartOf } from './store/file/file-names.ts'
export { LoggedRuns } from './store/log/logged-runs.ts'
export type { RunStore } from './store/run-store.ts'
export { RunWriter } from './store/writing/run-writer.ts'
export type { WriteOptions } from './store/writing/run-writer.ts'
export { decodeDescriptor } from './descriptor/decode.ts'
export type { DescriptorField } from './descriptor/decode.ts'
export {
  bitFields,
  fieldMask,
  outputAddress,
  readableGeometry,
  withoutAddress,
} from './descriptor/bits.ts'
export type { BitField, BitRole, EntryKind } from './descriptor/bits.ts'
export {
  changeText,
  descriptorParts,
  descriptorText,
  formOf,
  shortText,
} from './descriptor/text.ts'
export type { DescriptorForm, DescriptorParts } from './descriptor/text.ts'
export { runGeometry } from './descriptor/run-geometry.ts'
export { eventText, eventWords } from './say/event-words.ts'
export type { EventSort, EventWords } from './say/event-words.ts'
export { descriptorsOf, eventFields, fieldValues, levelOf, moreOf } from './say/event-fields.ts'
export { pairLines, tableLines } from './say/table.ts'
export type { Column } from './say/table.ts'
export { errnoText, escapeControls, factText, rangeText, valueText } from './say/value.ts'
export { neutralJson, toJson } from './event/json.ts'
export { recordScenario } from './record/record-scenario.ts'
export type { CallResult, EngineRun, EngineRunOptions } from './record/record-scenario.ts'
export { PageState } from './tables/page-state.ts'
export type { Lookup } from './tables/page-state.ts'
export { verify } from './store/verify.ts'
export type { Problem, Verification } from './store/verify.ts'
export type { NestingRemark } from './store/verify-nesting.ts'
export type { Misfit } from './event/call-tree.ts'
export { importInput } from './import/import-input.ts'
export type { Imported, ImportInput, InputFormat } from './import/import-input.ts'
export type { JsonlReport } from './import/import-jsonl.ts'
export { captureFor } from './import/capture/capture.ts'
export type { Capture, CaptureOptions } from './import/capture/capture.ts'
export { captureKernel } from './import/capture/releases.ts'
export type { CaptureKernel } from './import/capture/releases.ts'
export { TRACED_FLAVOURS } from './import/translate/kernel-traits.ts'
export { importFile, importStream } from './import/import.ts'
export type { ImportOptions, ImportProgress, ImportReport } from './import/import.ts'
export { checkJson } from './check/check-json.ts'
export type { CheckLine } from './check/check-json.ts'
export {
  baselineOf,
  checkGithub,
  checkJunit,
  type CheckGate,
  checkGate,
  FAIL_ON,
  type FailOn,
} from './check/check-ci.ts'
export { checkRun, rulesNamed } from './check/check-run.ts'
export { checkSarif } from './check/check-sarif.ts'
export { checkLines } from './check/check-text.ts'
export { isClean, undecided } from './check/finding.ts'
export type { CheckReport, Finding, Hazard, RuleVerdict, Severity } from './check/finding.ts'
export {
  byHarm,
  type HeldVersion,
  heldVersions,
  type Stage,
  versionsAt,
} from './observers/held-versions.ts'
export { Beliefs } from './observers/beliefs.ts'
export { beliefsAt, beliefsSteps } from './why/beliefs-at.ts'
export { lackOfDebts } from './page/debts.ts'
export { verdictText } from './diff/say/wording.ts'
export { type HeldEntry, saysTheSame, TlbFold } from './observers/tlb-fold.ts'
export { isHarm, type Relation } from './observers/translation.ts'
export type { Rule } from './check/rule.ts'
export { RULES } from './check/rules.ts'
export {
  closeStates,
  SNAPSHOT_EVENTS,
  snapshotProblem,
  stateAt,
  stateSteps,
} from './tables/state-at.ts'
export type { StateOptions } from './tables/state-at.ts'
export { conformCase, conformStream } from './conform/cases.ts'
export type { CaseVerdict } from './conform/cases.ts'
export type { CaseDivergence } from './conform/compare-case.ts'
export { conformRun, MISSING } from './conform/calls.ts'
export type { CallVerdict, StepDifference, Missing } from './conform/calls.ts'
export { openConformInput } from './conform/open-evidence.ts'
export type { ConformInput } from './conform/open-evidence.ts'
export type { Inferred } from './conform/start-of-call.ts'
export { regionsOf } from './sql/region.ts'
export type { Region } from './sql/region.ts'
export { namesRun } from './sql/guard.ts'
export { QUERY_MS, QUERY_ROWS, runQuery } from './sql/run-query.ts'
export type { QueryLimit, QueryOptions, QueryResult } from './sql/run-query.ts'
export type { SqlValue } from './sql/query-protocol.ts'
export { csvLines, jsonLine, resultLines } from './sql/render.ts'
export type { TracedFlavour } from './import/translate/kernel-traits.ts'
export { QUERIES, STARTING_QUERIES, findQuery, queryText } from './sql/queries/queries.ts'
export { ENGINES, type Engine } from './sql/lake/dialect.ts'
export { lakeQuery } from './sql/lake/lake.ts'
export type { Query } from './sql/queries/query.ts'
export { buildApart, buildMark, buildOf } from './event/kernel-build.ts'
export { alignedRows } from './diff/aligned-rows.ts'
export { shapeOf } from './diff/fold-repeats.ts'
export type { RowOptions } from './diff/aligned-rows.ts'
export type { AlignedRow } from './diff/result.ts'
export { readApart } from './apart/read-apart.ts'
export { diffRuns } from './diff/diff-runs.ts'
export type { ListedAlone, ListedPairs, PairList } from './diff/pair-list.ts'
export type { RepeatedRow } from './diff/repeated-rows.ts'
export { pairListText } from './diff/say/pair-list-text.ts'
export { diffJsonLines } from './diff/say/json-report.ts'
export { diffMarkdown } from './diff/say/markdown-report.ts'
export { quoted } from './diff/say/command-lines.ts'
export type { DiffPageOptions } from './diff/say/command-lines.ts'
export type { JsonPart } from './diff/say/json-report.ts'
export { checkPage } from './page/check-page.ts'
export type { CheckPageOptions } from './page/check-page.ts'
export { diffDetail, runDetail } from './page/detail.ts'
export { diffDetailLines, runDetailLines } from './page/detail-json.ts'
export { diffPage } from './page/diff-page.ts'
export { costBounds, gateQuestions, judge } from './diff/gate.ts'
export type { CostBound, Gate, GateCheck, GateResult } from './diff/gate.ts'
export { markdownText } from './say/markdown.ts'
export { gateLine, gateReasons, githubLines, junitLines } from './diff/say/gate-text.ts'
export { LANE_MODES } from './diff/align/lanes.ts'
export type { AskedLanes } from './diff/align/lanes.ts'
export { QUESTIONS } from './diff/options.ts'
export type { DiffOptions, Question } from './diff/options.ts'
export type { Addressing } from './diff/align/addresses.ts'
export { VERDICTS } from './diff/pair-result.ts'
export type { Geometries } from './diff/result.ts'
export type {
  AlignedStatus,
  PairTree,
  AlignedCall,
  CallTreeRow,
  RepeatRow,
  Diff,
  Divergence,
  EffectGroup,
  PairGroup,
} from './diff/result.ts'
export type {
  Answer,
  CallRef,
  EffectDifference,
  PairDiff,
  DiffVerdict,
} from './diff/pair-result.ts'
export type { DiffRow, DiffPaint, TextOptions } from './diff/say/text-report.ts'
export { answerTo, type DiffAnswer } from './diff/say/answer.ts'
export { diffLines, diffRows } from './diff/say/text-report.ts'
export { leavesOf, ptdumpLines } from './tables/leaves.ts'
export type { Leaf } from './tables/leaves.ts'
export { compareMappings } from './tables/compare-mappings.ts'
export type {
  MappingChange,
  MappingComparison,
  MappingDifference,
} from './tables/compare-mappings.ts'
export { exactly } from './cost/costs.ts'
export type { CostName, Costs } from './cost/costs.ts'
export {
  exploreFields,
  exploreLines,
  exploreMarkdown,
  type Explored,
  jsonNumber,
  relevant,
  searchVerdict,
} from './explore/explore-text.ts'
export { laneLines } from './explore/schedule-lanes.ts'
export {
  WINDOW_FORMATS,
  type WindowFormat,
  windowText,
  type WindowText,
} from './explore/export-window.ts'
export { type Never, neverOf } from './explore/never.ts'
export { PROPERTIES, propertiesNamed, type Property } from './explore/properties.ts'
export { recordClass, recordFinding, recordPassing } from './explore/record-finding.ts'
export { ScenarioWatch } from './explore/scenario-watch.ts'
export { exploreScenario, exploring } from './explore/search-scenario.ts'
export {
  EXPLORE_MODES,
  type ExploreFinding,
  type ExploreMode,
  type ExploreOptions,
  type ExploreProgress,
  type ExploreResult,
  isBroken,
  type SavedSearch,
} from './explore/search-result.ts'
export { scenarioOfRun } from './explore/scenario-of-run.ts'
export { scenarioEvents } from './record/record-scenario.ts'
export { INTERLEAVINGS, scenarioNamed, SCENARIOS } from './record/scenario-library.ts'
export { fitScenario } from './record/fit-scenario.ts'
export type { Fitted } from './record/fit-scenario.ts'
export type { LibraryGeometry, LibraryScenario } from './record/scenario-library.ts'
export { whyDescriptor } from './why/why.ts'
export type { StepEvent, Why, WhyLevel, WhyStep } from './why/why.ts'
export { type WhyRow, whyLines, whyRows } from './why/why-text.ts'
export type { EventContext, LazySection } from './why/event-context.ts'
export type { CoveragePoint } from './report/coverage.ts'
export { reportRun } from './report/report-runs.ts'
export type { CallCosts, FunctionCosts, ReportOptions, RunReport } from './report/report-runs.ts'
export { reportJsonLines, reportLines } from './report/report-text.ts'
export { readMarks, writeMarks } from './store/marks.ts'
export type { Mark } from './store/marks.ts'
export { TREE_GEOMETRIES, TREE_GEOMETRY_NAMES, treeGeometry } from './tree/geometries.ts'
export type { TreeGeometry } from './tree/geometries.ts'
export type { BuiltTree } from './tree/build.ts'
export type { KernelTree } from './tree/kernel-tree.ts'
export { recordOnTree } from './tree/record-tree.ts'
export type { TreeRun, TreeRunOptions } from './tree/record-tree.ts'
export { Workshop } from './tree/workshop.ts'
export type { WorkshopOptions } from './tree/workshop.ts'
export { conformOnTree } from './conform/cases-on-tree.ts'
export type { TreeCaseOptions, TreeCaseVerdict } from './conform/cases-on-tree.ts'
export { fileChunks } from './import/bytes/chunks.ts'
export { checkoutBase } from './patch/base.ts'
export type { Base } from './patch/base.ts'
export { compareTrees, isChanged, isUnknown, patchAnswer } from './patch/compare-trees.ts'
export type {
  NotRun,
  PatchOptions,
  PatchReport,
  PatchScenario,
  ScenarioResult,
} from './patch/compare-trees.ts'
export { byQuestion } from './patch/by-question.ts'
export { patchHtml } from './patch/patch-html.ts'
export { patchMarkdown, patchText } from './patch/patch-page.ts'
export { raceEnds, searchOnTree } from './tree/search-tree.ts'
export type { TreeEnd, TreeSearch, TreeSearchOptions } from './tree/search-tree.ts'
