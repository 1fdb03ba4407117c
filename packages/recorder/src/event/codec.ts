import { InputError } from '@pagetrail/engine'
import { type Batch, NONE } from './batch.ts'
import { didYouMean } from './nearest.ts'
import type { KindSpec } from './kind-spec.ts'
import {
  fieldsOf,
  isFreeName,
  type Json,
  type Kind,
  KIND_NAMES,
  KINDS,
  type TraceEvent,
} from './kinds.ts'
import {
  bounded,
  fieldCodec,
  type FieldCodec,
  type FieldValue,
  type Intern,
  type NameOf,
  parsed,
} from './field-codec.ts'

/**
 * An event in its three forms: {@link TraceEvent}, the JSON of the interchange format, a row of a {@link Batch}.
 * Everything here is made from KINDS when the module loads; nothing does I/O.
 */

export type JsonObject = Readonly<Record<string, Json>>

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Fields = Record<string, FieldValue>

interface KindCodec {
  readonly kind: Kind
  readonly fields: readonly FieldCodec[]
  /** Its fields and the common ones: all that its JSON may have. */
  readonly keys: ReadonlySet<string>
  /** Former names of its fields, and their names now. */
  readonly renamed: ReadonlyMap<string, string>
}

const COMMON_KEYS = ['seq', 'cpu', 'op', 'kind', 'nest', 'ts', 'task', 'src'] as const

/**
 * Names that a record has around the fields of its kind: in JSON, in `--json` (`type`), in the views of the kinds. No
 * kind may have a field of such a name.
 */
export const FRAME_NAMES: readonly string[] = [...COMMON_KEYS, 'type', 'run', 'more', 'pagetrail']

const byKind = new Map<string, KindCodec>()
const byId: (KindCodec | undefined)[] = []
for (const kind of KIND_NAMES) {
  const fields = fieldsOf(kind).map(([name, field]) => fieldCodec(name, field))
  const keys = new Set<string>([...COMMON_KEYS, ...fields.map((field) => field.name)])
  const spec: KindSpec = KINDS[kind]
  const renamed = new Map(Object.entries(spec.renamed ?? {}))
  const codec = { kind, fields, keys, renamed }
  byKind.set(kind, codec)
  byId[KINDS[kind].id] = codec
}

/**
 * The corpus's form: seq, cpu, op, kind, the kind's fields in table order with 64-bit values as `0x…`; then ts and
 * task where known, `src` and the free fields. `nest` follows from the kinds and is left out.
 */
export function eventToJson(event: TraceEvent): JsonObject {
  const values = fieldsByName(event)
  const json: Record<string, Json> = {
    seq: event.seq,
    cpu: event.cpu,
    op: event.op,
    kind: event.kind,
  }
  for (const field of codecOf(event.kind).fields) {
    const value = values[field.name]
    if (value !== undefined && value !== null) json[field.name] = field.toJson(value)
    else if (!field.optional) json[field.name] = null
  }
  if (event.ts !== null) json['ts'] = event.ts
  if (event.task !== null) json['task'] = event.task
  if (event.src !== undefined) json['src'] = event.src
  if (event.free !== undefined) Object.assign(json, event.free)
  return json
}

/**
 * The event that {@link eventToJson} wrote. `nest` is 0 where the object has none: who reads a whole run computes it.
 * Throws InputError naming the field; the caller adds the file and line with `at()`.
 */
export function eventFromJson(given: Json): TraceEvent {
  if (!isJsonObject(given)) throw new InputError('an event is a JSON object')
  const { kind } = given
  const codec = typeof kind === 'string' ? byKind.get(kind) : undefined
  if (!codec) throw unknownKind(kind)
  const json = withNewNames(codec, given)
  let isPlain = true
  for (const key in json) {
    if (codec.keys.has(key)) {
      isPlain &&= key !== 'src'
      continue
    }
    isPlain = false
    if (isFreeName(key)) continue
    const hint = didYouMean(key, codec.keys) || '; a field of your own begins with x_'
    throw new InputError(`${codec.kind} has no field ${key}${hint}`)
  }
  const event: Fields = {
    kind: codec.kind,
    seq: count(json, 'seq', Number.MAX_SAFE_INTEGER),
    cpu: count(json, 'cpu', 0xffff),
    op: json['op'] === null ? null : count(json, 'op', 0x7fff_ffff),
    nest: json['nest'] === undefined ? 0 : count(json, 'nest', 0xffff),
    ts: absent(json['ts']) ? null : count(json, 'ts', Number.MAX_SAFE_INTEGER),
    task: absent(json['task']) ? null : textOf(json, 'task'),
  }
  if (!isPlain) Object.assign(event, moreOf(json))
  for (const field of codec.fields) {
    const value = json[field.name]
    if (value !== undefined && value !== null) event[field.name] = named(codec, field, value)
    else if (!field.optional) event[field.name] = required(codec, field, value)
  }
  checkTlbi(asEvent(event))
  return asEvent(event)
}

/** An event's object of any version, with the names that its fields have now. */
export function currentNames(json: JsonObject): JsonObject {
  const codec = typeof json['kind'] === 'string' ? byKind.get(json['kind']) : undefined
  return codec ? withNewNames(codec, json) : json
}

function withNewNames(codec: KindCodec, json: JsonObject): JsonObject {
  if (codec.renamed.size === 0) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const now = codec.renamed.get(key)
      return [now === undefined || now in json ? key : now, value]
    }),
  )
}

/** `src` and `free` of an event, where an object has them. */
function moreOf(json: JsonObject): Fields {
  const free = Object.entries(json).filter(([key, value]) => isFreeName(key) && value !== null)
  for (const [, value] of free) bounded(value)
  return {
    ...(absent(json['src']) ? {} : { src: textOf(json, 'src') }),
    ...(free.length === 0 ? {} : { free: Object.fromEntries(free) }),
  }
}

/** A range instruction covers (num + 1) · 2^(5 · scale + 1) pages, whatever its line says. */
function checkTlbi(event: TraceEvent): void {
  if (event.kind !== 'tlbi') return
  const { pages, scale, num } = event
  if (pages === null || scale === null || num === null) return
  if (scale < 0 || scale > 3 || num < 0 || num > 31) {
    throw new InputError(`tlbi has scale ${scale} and num ${num}; they go to 3 and 31`)
  }
  const covered = (num + 1) * 2 ** (5 * scale + 1)
  if (covered === pages) return
  throw new InputError(
    `tlbi covers ${pages} pages by its pages, ${covered} by scale ${scale} and num ${num}: one of them is wrong`,
  )
}

/** The event of a row of a batch, which has this seq; `names` has the text of an interned name. */
export function eventOf(batch: Batch, i: number, seq: number, names: NameOf): TraceEvent {
  const codec = byId[batch.kind[i]!]
  if (!codec) throw new InputError(`an event of unknown kind ${batch.kind[i]}; verify the file`)
  const [op, ts, task] = [batch.op[i]!, batch.ts[i]!, batch.task[i]!]
  const event: Fields = {
    kind: codec.kind,
    seq,
    cpu: batch.cpu[i]!,
    op: op === NONE ? null : op,
    nest: batch.nest[i]!,
    ts: ts === NONE ? null : ts,
    task: task === NONE ? null : names(task),
  }
  const more = batch.more.size === 0 ? undefined : batch.more.get(i)
  if (more !== undefined) Object.assign(event, moreOf(asObject(parsed(more))))
  for (const { name, optional, fromBatch } of codec.fields) {
    const value = fromBatch(batch, i, names)
    if (value !== null || !optional) event[name] = value
  }
  return asEvent(event)
}

/**
 * Appends an event to a batch that has room, numbering apart: the general path, for importers. Throws InputError where
 * a value cannot be stored.
 */
export function putEvent(batch: Batch, event: TraceEvent, intern: Intern): void {
  const codec = codecOf(event.kind)
  const values = fieldsByName(event)
  const i = batch.row(KINDS[event.kind].id, event.cpu)
  batch.nest[i] = event.nest
  if (event.op !== null) batch.op[i] = event.op
  if (event.ts !== null) batch.ts[i] = event.ts
  if (event.task !== null) batch.task[i] = intern(event.task)
  if (event.src !== undefined || event.free !== undefined) {
    batch.more.set(i, JSON.stringify({ src: event.src, ...event.free }))
  }
  try {
    putAll(codec, batch, i, values, intern)
  } catch (error) {
    batch.drop()
    throw error
  }
}

/** Sets the fields of a row's kind, those that are given. Throws InputError where a value cannot be stored. */
export const putFields = (
  batch: Batch,
  i: number,
  kind: Kind,
  values: Readonly<Fields>,
  intern: Intern,
): void => putAll(codecOf(kind), batch, i, values, intern)

function putAll(
  codec: KindCodec,
  batch: Batch,
  i: number,
  values: Readonly<Fields>,
  intern: Intern,
): void {
  for (const field of codec.fields) {
    const value = values[field.name]
    if (value === undefined || value === null) continue
    try {
      field.put(batch, i, value, intern)
    } catch (error) {
      throw inField(codec, field.name, error)
    }
  }
}

/** A codec exists for each key of KINDS, so a kind that has none is a value from outside the types. */
function codecOf(kind: Kind): KindCodec {
  const codec = byKind.get(kind)
  if (!codec) throw unknownKind(kind)
  return codec
}

function unknownKind(kind: Json | undefined): InputError {
  if (typeof kind !== 'string') return new InputError('an event without kind')
  return new InputError(`unknown kind ${kind}${didYouMean(kind, KIND_NAMES)}`)
}

function named(codec: KindCodec, field: FieldCodec, value: Json): FieldValue {
  try {
    return field.fromJson(value)
  } catch (error) {
    throw inField(codec, field.name, error)
  }
}

function required(codec: KindCodec, field: FieldCodec, value: null | undefined): null {
  if (value === null) return null
  throw new InputError(`${codec.kind} lacks ${field.name}; write null where it is unknown`)
}

function inField(codec: KindCodec, field: string, error: unknown): unknown {
  return error instanceof InputError ? error.at(`${codec.kind}.${field}`) : error
}

function count(json: JsonObject, key: string, max: number): number {
  const value = json[key]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) {
    return value
  }
  const got = value === undefined ? 'it is missing' : JSON.stringify(value).slice(0, 80)
  throw new InputError(`${key} has to be a whole number from 0 to ${max}, got ${got}`)
}

function textOf(json: JsonObject, key: string): string {
  const value = json[key]
  if (typeof value === 'string') return value
  throw new InputError(`${key} has to be a string, got ${JSON.stringify(value).slice(0, 80)}`)
}

const asObject = (json: Json): JsonObject => (isJsonObject(json) ? json : {})

const absent = (value: Json | undefined): boolean => value === undefined || value === null

/** The fields of an event by name. TypeScript has no way to index a union by its members' own keys. */
export const fieldsByName = (event: object): Readonly<Fields> => event as Readonly<Fields>

/** The other direction: the codec has set what KINDS, from which the type is made, says. */
const asEvent = (fields: object): TraceEvent => fields as TraceEvent
