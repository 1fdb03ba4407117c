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
