import type { FieldValue } from '../event/field-codec.ts'
import { fieldsOf, KIND_NAMES, type TraceEvent } from '../event/kinds.ts'
import type { Meaning } from './meaning.ts'

/** A field that no event has as such: worked out of others, because people ask by it. */
export interface Derived {
  readonly meaning: Meaning
  readonly of: (event: TraceEvent) => FieldValue | undefined
}

const plain = { codes: new Map<string, number>(), ordered: true }

/** A task is written `comm-pid`, as ftrace does; the name itself may hold dashes. */
const TASK = /^(.*)-(\d+)$/s
const DIGITS_CUT = "rtrim(text, '0123456789')"
const IS_TASK = "text glob '*-[0-9]*' and substr(text, -1) glob '[0-9]'"
/** Where the digits begin; the sign before them is the dash, or it is not a task of this form. */
const taskPart = (part: string): string =>
  `case when ${IS_TASK} and substr(${DIGITS_CUT}, -1) = '-' then ${part} end`

const ranged = KIND_NAMES.filter((kind) =>
  fieldsOf(kind).some(([name, field]) => name === 'end' && field.type === 'end'),
)

const DERIVED: Readonly<Record<string, Derived>> = {
  /** Bytes of a range. */
  size: {
    meaning: { ...plain, class: 'u64', kinds: ranged, sql: '"size"' },
    of: (event) =>
      'end' in event && typeof event.end === 'bigint'
        ? BigInt.asUintN(64, event.end - (event.va ?? 0n))
        : undefined,
  },
  comm: {
    meaning: {
      ...plain,
      class: 'name',
      kinds: null,
      sql: 'task',
      text: taskPart(`substr(text, 1, length(${DIGITS_CUT}) - 1)`),
    },
    of: (event) => TASK.exec(event.task ?? '')?.[1],
  },
  pid: {
    meaning: {
      ...plain,
      class: 'int',
      kinds: null,
      sql: `(select ${taskPart(`cast(substr(text, length(${DIGITS_CUT}) + 1) as integer)`)} from name where id = task)`,
    },
    of: (event) => {
      const pid = TASK.exec(event.task ?? '')?.[2]
      return pid === undefined ? undefined : Number(pid)
    },
  },
  numpages: argument('numpages'),
}

/** An argument of a call. */
function argument(name: string): Derived {
  return {
    meaning: { ...plain, class: 'free', kinds: ['op_begin'], sql: `(extra -> '$.${name}')` },
    of: (event) => {
      const args = event.kind === 'op_begin' ? event.args : null
      return new Map(Object.entries(args ?? {})).get(name)
    },
  }
}

export const DERIVED_NAMES = Object.keys(DERIVED)

/** `size`, `comm`, `pid`, `numpages`, and any argument of a call as `args.NAME`. */
export function derived(name: string): Derived | undefined {
  const of = /^args\.(\w{1,60})$/.exec(name)?.[1]
  return of === undefined ? DERIVED[name] : argument(of)
}
