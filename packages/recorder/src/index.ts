export { Batch, BATCH_EVENTS } from './event/batch.ts'
export { eventFromJson, eventToJson, putEvent, rowToEvent } from './event/codec.ts'
export type { JsonObject } from './event/codec.ts'
export { didYouMean, InputError, nearest } from './event/errors.ts'
export { fieldsOf, KIND_NAMES, kindOfId, KINDS, nestOf } from './event/kinds.ts'
export type {
  Common,
  EventOf,
  Field,
  FieldType,
  Json,
  Kind,
  KindSpec,
  TraceEvent,
} from './event/kinds.ts'
export { memorySource } from './event/run.ts'
export type { Call, EventSource, Run, RunGeometry, RunOrigin, RunState } from './event/run.ts'
export { EVENT_COLUMNS, hex } from './event/field-codec.ts'
export type { FieldValue, Intern, NameOf, Row } from './event/field-codec.ts'
export { chromeText } from './export/chrome.ts'
export { csvText } from './export/csv.ts'
export { jsonlText } from './export/jsonl.ts'
export { JsonlParser } from './import/jsonl-parse.ts'
export type { JsonlSink } from './import/jsonl-parse.ts'
export type { RunHeader } from './event/run-header.ts'
export { WIDE_COLUMNS } from './export/columns.ts'
export { exportParquet } from './export/parquet.ts'
export type { ParquetOptions, ParquetReport } from './export/parquet.ts'
export { writeFileAtomic } from './export/atomic-file.ts'
export { parseFilter } from './filter/parse.ts'
export type { Filter, FilterNode } from './filter/parse.ts'
export { completeFilter } from './filter/complete.ts'
export type { Completion } from './filter/complete.ts'
export { FILTER_FIELDS } from './filter/fields.ts'
export { FilterError } from './filter/lex.ts'
export { toPredicate, toSql } from './filter/to-sql.ts'
export { HookRecorder } from './record/hook-recorder.ts'
export { EventReader } from './store/event-reader.ts'
export type { Condition } from './event/condition.ts'
export type { PageRequest } from './store/event-reader.ts'
export type { RunMeta } from './store/run-row.ts'
export { openTrace, Trace } from './store/trace.ts'
export type { OpenOptions } from './store/trace.ts'
export { RunWriter } from './store/run-writer.ts'
export type { WriteOptions } from './store/run-writer.ts'
export { changedBits, decodeDescriptor } from './descriptor/decode.ts'
export type { DescriptorField } from './descriptor/decode.ts'
export { memoryTypeOf } from './descriptor/bits.ts'
export type { MemoryType } from './descriptor/bits.ts'
export {
  changeText,
  descriptorParts,
  descriptorText,
  formOf,
  outputAddress,
} from './descriptor/text.ts'
export type { DescriptorForm, DescriptorParts } from './descriptor/text.ts'
export { runGeometry } from './descriptor/run-geometry.ts'
export { recordScenario } from './record/record-scenario.ts'
export type { CallResult, EngineRun, EngineRunOptions } from './record/record-scenario.ts'
export { PageState } from './tables/page-state.ts'
export type { Lookup } from './tables/page-state.ts'
export { verify } from './store/verify.ts'
export type { Problem, Verification } from './store/verify.ts'
export { importInput } from './import/import-input.ts'
export type { Imported, ImportInput, InputFormat } from './import/import-input.ts'
export type { JsonlReport } from './import/import-jsonl.ts'
export { eventsDocument } from './event/kinds-doc.ts'
export { KERNELS } from './import/capture/probes.ts'
export type { Kernel } from './import/capture/probes.ts'
export { captureScript } from './import/capture/script.ts'
export { importFile, importStream } from './import/import.ts'
export type { ImportOptions, ImportProgress, ImportReport } from './import/import.ts'
export { checkJson } from './check/check-json.ts'
export { checkRun, rulesNamed } from './check/check-run.ts'
export { checkSarif } from './check/check-sarif.ts'
export { checkText } from './check/check-text.ts'
export { isClean, undecided } from './check/finding.ts'
export type { CheckReport, Finding, Hazard, Severity, Verdict } from './check/finding.ts'
export type { Debt, DebtKind } from './check/fold/debt.ts'
export { openDebts } from './check/open-debts.ts'
export type { Rule } from './check/rule.ts'
export { RULES } from './check/rules.ts'
export { closeStates, SNAPSHOT_EVENTS, stateAt } from './tables/state-at.ts'
export type { StateOptions } from './tables/state-at.ts'
export { conformCase, conformStream } from './conform/cases.ts'
export type { CaseVerdict, Divergence as CaseDivergence } from './conform/cases.ts'
export { conformRun, MISSING } from './conform/calls.ts'
export type { CallVerdict, Difference as StepDifference, Missing } from './conform/calls.ts'
export { openConformInput } from './conform/open-input.ts'
export type { ConformInput } from './conform/open-input.ts'
export type { Inferred } from './conform/start-state.ts'
export { regionsOf } from './sql/region.ts'
export type { Region } from './sql/region.ts'
export { QUERY_MS, QUERY_ROWS, runQuery } from './sql/run-query.ts'
export type { QueryLimit, QueryOptions, QueryResult } from './sql/run-query.ts'
export type { SqlValue } from './sql/protocol.ts'
export { csvLines, escapeControls, jsonLine, tableLines } from './sql/render.ts'
export type { TracedFlavour } from './import/translate/kernel-traits.ts'
export { findQuery, QUERIES, queryText } from './sql/queries/query.ts'
export type { Query } from './sql/queries/query.ts'
export { sqlDocument } from './sql/sql-doc.ts'
export { alignedRows } from './diff/aligned-rows.ts'
export type { AlignedRow, AlignedStatus, RowOptions } from './diff/aligned-rows.ts'
export { diffRuns } from './diff/diff-runs.ts'
export { eventText } from './diff/say/event-text.ts'
export { diffJsonLines } from './diff/say/json-report.ts'
export { diffMarkdown } from './diff/say/markdown-report.ts'
export type { MarkdownOptions } from './diff/say/markdown-report.ts'
export { QUESTIONS } from './diff/options.ts'
export type { Addressing, DiffOptions, Question } from './diff/options.ts'
export { VERDICTS } from './diff/result.ts'
export type {
  Answer,
  CallRef,
  Diff,
  Divergence,
  EffectDifference,
  EffectGroup,
  PairDiff,
  PairGroup,
  Verdict as DiffVerdict,
} from './diff/result.ts'
export { answered, diffText } from './diff/say/text-report.ts'
export type { DiffPaint, TextOptions } from './diff/say/text-report.ts'
export { leavesOf, ptdumpLines } from './tables/leaves.ts'
export type { Leaf } from './tables/leaves.ts'
export { compareMappings } from './tables/compare-mappings.ts'
export type {
  MappingChange,
  MappingComparison,
  MappingDifference,
} from './tables/compare-mappings.ts'
export type { CostName, Costs } from './cost/costs.ts'
export { scenarioNamed, SCENARIOS } from './record/scenario-library.ts'
export type { LibraryGeometry, LibraryScenario } from './record/scenario-library.ts'
export { whyDescriptor } from './why/why.ts'
export type { StepEvent, Why, WhyLevel, WhyStep } from './why/why.ts'
export { whyLines } from './why/why-text.ts'
export type { EventContext, LazySection } from './why/event-context.ts'
export type { CoveragePoint } from './report/coverage.ts'
export { reportRun } from './report/report-runs.ts'
export type { CallCosts, FunctionCosts, ReportOptions, RunReport } from './report/report-runs.ts'
export { reportJsonLines, reportText } from './report/report-text.ts'
export { readMarks, writeMarks } from './store/marks.ts'
export type { Mark } from './store/marks.ts'
