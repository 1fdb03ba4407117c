export { Batch, BATCH_EVENTS } from './batch.ts'
export { eventFromJson, eventToJson, putEvent, rowToEvent } from './codec.ts'
export type { JsonObject } from './codec.ts'
export { didYouMean, InputError, nearest } from './errors.ts'
export { fieldsOf, KIND_NAMES, kindOfId, KINDS, nestOf } from './event.ts'
export type {
  Common,
  EventOf,
  Field,
  FieldType,
  Json,
  Kind,
  KindSpec,
  TraceEvent,
} from './event.ts'
export { memorySource } from './source.ts'
export type { Call, EventSource, Run, RunGeometry, RunOrigin, RunState } from './source.ts'
export { EVENT_COLUMNS, hex } from './field-codec.ts'
export type { FieldValue, Intern, NameOf, Row } from './field-codec.ts'
export { chromeText } from './export/chrome.ts'
export { csvText } from './export/csv.ts'
export { jsonlText } from './export/jsonl.ts'
export { JsonlParser } from './export/jsonl-parse.ts'
export type { JsonlSink } from './export/jsonl-parse.ts'
export type { RunHeader } from './export/run-header.ts'
export { WIDE_COLUMNS } from './export/columns.ts'
export { exportParquet } from './export/parquet.ts'
export type { ParquetOptions, ParquetReport } from './export/parquet.ts'
export { writeFileAtomic } from './export/atomic-file.ts'
export { parseFilter } from './filter.ts'
export type { Filter, FilterNode } from './filter.ts'
export { completeFilter } from './filter-complete.ts'
export type { Completion } from './filter-complete.ts'
export { FILTER_FIELDS } from './filter-fields.ts'
export { FilterError } from './filter-lex.ts'
export { toPredicate, toSql } from './filter-sql.ts'
export { HookRecorder } from './hook-recorder.ts'
export { EventReader } from './reader.ts'
export type { Condition, PageRequest } from './reader.ts'
export type { RunMeta } from './runs.ts'
export { openTrace, Trace } from './store.ts'
export type { OpenOptions } from './store.ts'
export { RunWriter } from './writer.ts'
export type { WriteOptions } from './writer.ts'
export { changedBits, decodeDescriptor } from './decode-descriptor.ts'
export type { DescriptorField } from './decode-descriptor.ts'
export { memoryTypeOf } from './descriptor-bits.ts'
export type { MemoryType } from './descriptor-bits.ts'
export {
  changeText,
  descriptorParts,
  descriptorText,
  formOf,
  outputAddress,
} from './descriptor-text.ts'
export type { DescriptorForm, DescriptorParts } from './descriptor-text.ts'
export { runGeometry } from './run-geometry.ts'
export { recordScenario } from './engine-run.ts'
export type { CallResult, EngineRun, EngineRunOptions } from './engine-run.ts'
export { PageState } from './page-state.ts'
export type { Lookup } from './page-state.ts'
export { verify } from './verify.ts'
export type { Problem, Verification } from './verify.ts'
export { importInput } from './import-input.ts'
export type { Imported, ImportInput, InputFormat } from './import-input.ts'
export type { JsonlReport } from './jsonl-import.ts'
export { eventsDocument } from './events-doc.ts'
export { importFile, importStream } from './import/import.ts'
export type { ImportOptions, ImportProgress, ImportReport } from './import/import.ts'
export { checkJson } from './check/check-json.ts'
export { checkRun, rulesNamed } from './check/check-run.ts'
export { checkSarif } from './check/check-sarif.ts'
export { checkText } from './check/check-text.ts'
export { isClean, undecided } from './check/finding.ts'
export type { CheckReport, Finding, Hazard, Severity, Verdict } from './check/finding.ts'
export type { Debt, DebtKind } from './check/debt.ts'
export { openDebts } from './check/open-debts.ts'
export type { Rule } from './check/rule.ts'
export { RULES } from './check/rules.ts'
export { closeStates, SNAPSHOT_EVENTS, stateAt } from './state.ts'
export type { StateOptions } from './state.ts'
export { conformCase, conformStream } from './conform.ts'
export type { CaseVerdict, Divergence as CaseDivergence } from './conform.ts'
export { conformRun, MISSING } from './conform-real/conform-run.ts'
export type {
  CallVerdict,
  Difference as StepDifference,
  Missing,
} from './conform-real/conform-run.ts'
export { openConformInput } from './conform-real/open.ts'
export type { ConformInput } from './conform-real/open.ts'
export type { Inferred } from './conform-real/start-state.ts'
export { regionsOf } from './sql/region.ts'
export type { Region } from './sql/region.ts'
export { QUERY_MS, QUERY_ROWS, runQuery } from './sql/run-query.ts'
export type { QueryLimit, QueryOptions, QueryResult } from './sql/run-query.ts'
export type { SqlValue } from './sql/protocol.ts'
export { csvLines, escapeControls, jsonLine, tableLines } from './sql/render.ts'
export type { TracedFlavour } from './import/kernel-traits.ts'
export { findQuery, QUERIES, queryText } from './queries/query.ts'
export type { Query } from './queries/query.ts'
export { sqlDocument } from './sql/sql-doc.ts'
export { alignedRows } from './diff/aligned-rows.ts'
export type { AlignedRow, AlignedStatus, RowOptions } from './diff/aligned-rows.ts'
export { diffRuns } from './diff/diff-runs.ts'
export { eventText } from './diff/event-text.ts'
export { diffJsonLines } from './diff/json-report.ts'
export { diffMarkdown } from './diff/markdown-report.ts'
export type { MarkdownOptions } from './diff/markdown-report.ts'
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
export { answered, diffText } from './diff/text-report.ts'
export type { DiffPaint, TextOptions } from './diff/text-report.ts'
export { leavesOf, ptdumpLines } from './leaves.ts'
export type { Leaf } from './leaves.ts'
export { compareMappings } from './state-diff.ts'
export type { MappingChange, MappingComparison, MappingDifference } from './state-diff.ts'
export type { CostName, Costs } from './report/costs.ts'
export { scenarioNamed, SCENARIOS } from './scenarios.ts'
export type { LibraryGeometry, LibraryScenario } from './scenarios.ts'
export { whyDescriptor } from './why.ts'
export type { StepEvent, Why, WhyLevel, WhyStep } from './why.ts'
export { whyLines } from './why-text.ts'
export type { EventContext, LazySection } from './event-context.ts'
export type { CoveragePoint } from './report/coverage.ts'
export { reportRun } from './report/report-runs.ts'
export type { CallCosts, FunctionCosts, ReportOptions, RunReport } from './report/report-runs.ts'
export { reportJsonLines, reportText } from './report/report-text.ts'
export { readMarks, writeMarks } from './marks.ts'
export type { Mark } from './marks.ts'
