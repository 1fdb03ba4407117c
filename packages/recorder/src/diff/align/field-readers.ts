import { InputError } from '@pagetrail/engine'
import { didYouMean } from '../../event/nearest.ts'
import type { Field } from '../../event/kind-spec.ts'
import { fieldsOf, type Kind, KIND_NAMES } from '../../event/kinds.ts'
import type { RoleOf } from './roles.ts'
import { TextIds } from './text-ids.ts'
import { HAS, T } from './tokens.ts'

/**
 * Optional fields that are compared where both sides have them. The others say where (slot), by whom, or repeat what
 * the stores say (val).
 */
const COMPARED_OPTIONAL: ReadonlySet<string> = new Set(['ignored', 'api', 'set', 'clear'])

/** Fields common to all kinds, which are never compared: naming them in --ignore is not an error. */
const COMMON: ReadonlySet<string> = new Set(['ts', 'task', 'cpu', 'seq', 'op', 'nest'])

/** What a field of an event can hold. */
export type EventValue = bigint | number | string | boolean | object | null | undefined

/** How to take one field of a kind into a token. */
export interface Reader {
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
  extra: [0, 0],
} as const satisfies Record<Field['in'], readonly [number, number]>

/** Texts of both sides as numbers. */
export class Texts {
  private readonly ids = new TextIds()
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
    return this.ids.id(text)
  }

  /** All that have a number. */
  entries(): [text: string, id: number][] {
    return this.ids.entries()
  }
}

/** What is left out by name: whole kinds, and fields wherever they occur. Throws InputError for an unknown name. */
export function ignoredNames(names: readonly string[]): ReadonlySet<string> {
  const fields = KIND_NAMES.flatMap((kind) => fieldsOf(kind).map(([name]) => name))
  const known = new Set<string>([...KIND_NAMES, ...fields, ...COMMON])
  for (const name of names) {
    if (known.has(name)) continue
    throw new InputError(
      `there is no field or kind of event ${name} to ignore${didYouMean(name, known)}`,
    )
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
  // JSON is arguments, which hold addresses and repeat va and end.
  field.type !== 'json' &&
  (!field.optional || COMPARED_OPTIONAL.has(name)) &&
  (field.type !== 'name' || field.in === 'fn')

function roleOfField(kind: Kind, name: string): Reader['role'] {
  if (name === 'va') return 'address'
  if (name === 'pa') return 'table'
  return kind === 'desc_write' && (name === 'old' || name === 'new') ? 'descriptor' : 'mask'
}
