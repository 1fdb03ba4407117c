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
export { csvQuote, csvText } from './export/csv.ts'
export { jsonlHeader, jsonlText, JSONL_VERSION } from './export/jsonl.ts'
export { JsonlParser } from './export/jsonl-parse.ts'
export type { JsonlSink } from './export/jsonl-parse.ts'
export type { RunHeader } from './export/run-header.ts'
export { WIDE_COLUMNS } from './export/columns.ts'
export { exportParquet, PARQUET_GROUP_EVENTS } from './export/parquet.ts'
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
export { FLUSH_MS, RunWriter } from './writer.ts'
export type { WriteOptions } from './writer.ts'
export { changeText, descriptorParts, descriptorText, formOf } from './descriptor-text.ts'
export type { DescriptorForm, DescriptorParts } from './descriptor-text.ts'
export { recordScenario } from './engine-run.ts'
export type { CallResult, EngineRun, EngineRunOptions, Implementation } from './engine-run.ts'
