import { LEVEL_NAMES, PTE } from '@pagetrail/engine'

import { didYouMean, InputError } from '../errors.ts'
import { type Field, fieldsOf, type Kind, KIND_NAMES, KINDS, type TraceEvent } from '../event.ts'
import { highWord, lowWord, split } from '../words.ts'
import { type Addresses, pageOf } from './addresses.ts'
import { FlushFolder } from './fold-flush.ts'
import type { RoleOf } from './roles.ts'
import { HAS, T, type Tokens } from './tokens.ts'

/** Spans in which a kernel works on what others left behind; how much that is depends on what ran before. */
const ENVIRONMENT: ReadonlySet<string> = new Set(['_vm_unmap_aliases', '__purge_vmap_area_lazy'])

/**
 * Optional fields that are compared where both sides have them. The others say where (slot), by whom, or repeat what
 * the stores say (val).
 */
const COMPARED_OPTIONAL: ReadonlySet<string> = new Set(['ignored', 'api', 'set', 'clear'])
/** Arguments hold addresses and repeat va and end. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['args', 'fields', 'pages'])
/** Fields common to all kinds, which are never compared: naming them in --ignore is no error. */
const COMMON: ReadonlySet<string> = new Set(['ts', 'task', 'cpu', 'seq', 'op', 'nest'])

type Value = bigint | number | string | boolean | object | null | undefined

interface Reader {
  readonly name: string
  readonly type: Field['type']
  readonly bit: number
  readonly word: number
  readonly values: readonly string[]
  /** What a 64-bit value is. */
  readonly role: 'address' | 'descriptor' | 'table' | 'mask'
}

const COLUMNS = {
  level: [HAS.LEVEL, T.KIND],
  fn: [HAS.FN, T.ROLE],
  va: [HAS.VA, T.VA],
  size: [HAS.SIZE, T.SIZE],
  old: [HAS.OLD, T.OLD],
  new: [HAS.NEW, T.NEW],
  aux: [HAS.AUX, T.AUX],
  ret: [HAS.RET, T.RET],
  extra: [HAS.TEXT, T.TEXT],
} as const satisfies Record<Field['in'], readonly [number, number]>

/** Texts of both sides as numbers. */
export class Texts {
  private readonly ids = new Map<string, number>()
  private readonly names = new Map<string, readonly [role: number, name: number]>()
  private readonly roleOf: RoleOf

  constructor(roleOf: RoleOf) {
    this.roleOf = roleOf
  }

  /** A function's name, and the one that stands for its role. */
  nameIds(name: string): readonly [role: number, name: number] {
    let ids = this.names.get(name)
    if (!ids) {
      ids = [this.id(this.roleOf(name)), this.id(name)]
      this.names.set(name, ids)
    }
    return ids
  }

  id(text: string): number {
    let id = this.ids.get(text)
    if (id === undefined) this.ids.set(text, (id = this.ids.size + 1))
    return id
  }
}

/** What is left out by name: whole kinds, and fields wherever they occur. Throws InputError for an unknown name. */
export function ignoredNames(names: readonly string[]): ReadonlySet<string> {
  const fields = KIND_NAMES.flatMap((kind) => fieldsOf(kind).map(([name]) => name))
  const known = new Set<string>([...KIND_NAMES, ...fields, ...COMMON])
  for (const name of names) {
    if (known.has(name)) continue
    throw new InputError(`nothing to ignore is called ${name}${didYouMean(name, known)}`)
  }
  return new Set(names)
}

/** How to read the compared fields of each kind. */
export type Readers = ReadonlyMap<Kind, readonly Reader[]>

export const fieldReaders = (ignored: ReadonlySet<string>): Readers =>
  new Map(KIND_NAMES.map((kind) => [kind, readersOf(kind, ignored)]))

function readersOf(kind: Kind, ignored: ReadonlySet<string>): Reader[] {
  return fieldsOf(kind)
    .filter(([name, field]) => isCompared(name, field) && !ignored.has(name))
    .map(([name, field]) => {
      const [bit, word] = COLUMNS[field.in]
      return {
        name,
        type: field.type,
        bit,
        word,
        values: field.values ?? [],
        role: roleOfField(kind, name),
      }
    })
}

const isCompared = (name: string, field: Field): boolean =>
  (field.optional ? COMPARED_OPTIONAL.has(name) : !NOT_COMPARED.has(name)) &&
  (field.type !== 'name' || field.in === 'fn')

function roleOfField(kind: Kind, name: string): Reader['role'] {
  if (name === 'va') return 'address'
  if (name === 'pa') return 'table'
  return kind === 'desc_write' && (name === 'old' || name === 'new') ? 'descriptor' : 'mask'
}

export interface EncoderOptions {
  readonly texts: Texts
  readonly readers: Readers
  readonly ignored: ReadonlySet<string>
  /** What both runs would show. */
  readonly shown: ReadonlySet<Kind>
  readonly matches: ((event: TraceEvent) => boolean) | null
}

/** Turns the events of one call at a time into tokens. */
export class Encoder {
  private readonly options: EncoderOptions
  private readonly addresses: Addresses
  private readonly flushes: FlushFolder
  private environment = 0

  constructor(options: EncoderOptions, addresses: Addresses) {
    this.options = options
    this.addresses = addresses
    this.flushes = new FlushFolder(options.shown)
  }

  startCall(call: Parameters<Addresses['startCall']>[0]): void {
    this.addresses.startCall(call)
    this.flushes.reset()
    this.environment = 0
  }

  add(event: TraceEvent, tokens: Tokens): void {
    const { kind, seq } = event
    const { ignored, matches, shown } = this.options
    if (ignored.has(kind) || (matches && !matches(event))) return
    if (kind === 'span_end' && ENVIRONMENT.has(event.fn ?? '')) this.environment--
    if (this.environment > 0) tokens.setAside(kind, seq)
    else if (this.flushes.takes(event, tokens)) this.place(event, tokens)
    else if (!shown.has(kind)) tokens.setAside(kind, seq)
    else this.encode(event, tokens)
    if (kind === 'span_begin' && ENVIRONMENT.has(event.fn ?? '')) this.environment++
  }

  /** A flush folded from single instructions: its address becomes known with them. */
  private place(event: TraceEvent, tokens: Tokens): void {
    const { flushes } = this
    if (!flushes.changed) return
    const at = flushes.row
    this.addresses.place(flushes.va >>> 0, Math.floor(flushes.va / 2 ** 32) >>> 0)
    tokens.words[at + T.VA] = this.addresses.lo
    tokens.words[at + T.VA + 1] = this.addresses.hi
    const size = flushes.end - flushes.va
    tokens.words[at + T.SIZE] = size >>> 0
    tokens.words[at + T.SIZE + 1] = Math.floor(size / 2 ** 32)
    if (this.options.shown.has('tlbi') && event.kind === 'tlbi') this.encode(event, tokens)
  }

  private encode(event: TraceEvent, tokens: Tokens): void {
    const at = tokens.row(event.seq)
    const { words } = tokens
    const id = KINDS[event.kind].id
    words[at] = id
    const fields = fieldValues(event)
    let has = 0
    // Of a store's two values the old one is placed first: where the new one leads is told from it.
    let before: number | null = null
    for (const reader of this.options.readers.get(event.kind) ?? []) {
      const value = fields[reader.name]
      if (value === null || value === undefined) continue
      has |= reader.bit
      if (typeof value === 'bigint') {
        before = this.putLong(words, at + reader.word, reader, event, value, before)
      } else this.putSmall(words, at, reader, value)
    }
    words[at + T.HAS] = has
    tokens.fields[id]! |= has
  }

  /** Returns the output page of a descriptor, for the one that replaces it. */
  private putLong(
    words: Uint32Array,
    at: number,
    reader: Reader,
    event: TraceEvent,
    value: bigint,
    before: number | null,
  ): number | null {
    split(value)
    const lo = lowWord()
    const hi = highWord()
    const { addresses } = this
    let page = before
    words[at] = lo
    words[at + 1] = hi
    if (reader.type === 'end') {
      const va = event.kind !== 'table_alloc' && 'va' in event ? event.va : null
      split(BigInt.asUintN(64, value - (va ?? 0n)))
      words[at] = lowWord()
      words[at + 1] = highWord()
    } else if (reader.role === 'address') {
      addresses.place(lo, hi)
      words[at] = addresses.lo
      words[at + 1] = addresses.hi
    } else if (reader.role === 'table') {
      words[at] = addresses.tableIndex(pageOf(lo, hi))
      words[at + 1] = 0
    } else if (reader.role === 'descriptor' && event.kind === 'desc_write') {
      const isTable = event.level !== 'pte' && event.level !== null && (lo & 3) === 3
      addresses.descriptor(isTable, lo, hi, before)
      words[at] = addresses.lo
      words[at + 1] = addresses.hi
      page = pageOf(lo, hi)
    }
    return page
  }

  private putSmall(
    words: Uint32Array,
    at: number,
    reader: Reader,
    value: Exclude<Value, bigint>,
  ): void {
    const word = at + reader.word
    switch (reader.type) {
      case 'level':
        words[at]! |= (LEVEL_NAMES.findIndex((name) => name === value) + 1) << 8
        break
      case 'depth':
        words[at]! |= (Math.min(Number(value), PTE) + 1) << 8
        break
      case 'name': {
        const [role, name] = this.options.texts.nameIds(String(value))
        words[word] = role
        words[at + T.NAME] = name
        break
      }
      case 'enum':
        words[word] = reader.values.indexOf(String(value))
        break
      case 'json':
        words[word] = this.options.texts.id(JSON.stringify(value))
        break
      default:
        words[word] = Number(value)
        // Negative numbers keep their sign in a 64-bit field.
        if (reader.word !== T.RET && Number(value) < 0) words[word + 1] = 0xffffffff
    }
  }
}

/** The fields of an event by name: TypeScript has no way to index a union by its members' own keys. */
const fieldValues = (event: object): Readonly<Record<string, Value>> =>
  event as Readonly<Record<string, Value>>
