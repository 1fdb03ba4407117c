export { fieldsOf, KIND_NAMES, kindOfId, KINDS, nestOf } from './event.ts'
export type { Common, EventOf, Field, FieldType, Json, Kind, KindSpec, TraceEvent } from './event.ts'
export { memorySource } from './source.ts'
export type { Call, EventSource, Run, RunGeometry, RunOrigin, RunState } from './source.ts'
