export { fieldsOf, KIND_NAMES, kindOfId, KINDS, nestOf } from './event.ts'
export type { Common, EventOf, Field, FieldType, Json, Kind, KindSpec, TraceEvent } from './event.ts'
