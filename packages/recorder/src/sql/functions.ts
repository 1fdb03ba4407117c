import { hexOf, InputError, LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import { descriptorText } from '../descriptor/text.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import type { Run } from '../event/run.ts'
import type { SqlValue } from './query-protocol.ts'
import { regionName } from './region.ts'

/** A function of SQL: what it is for, and what it does. Integers come and go as signed 64-bit bigint. */
interface SqlFunction {
  /** As in docs/sql.md. */
  readonly usage: string
  readonly doc: string
  readonly body: (runs: ReadonlyMap<bigint, Run>, args: readonly SqlValue[]) => SqlValue
}

export const SQL_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  hex64: {
    usage: 'hex64(x)',
    doc: 'An integer as unsigned `0x…`; null for null.',
    body: (_, [x]) => (x === null ? null : hexOf(unsigned('hex64', x))),
  },
  unhex64: {
    usage: 'unhex64(text)',
    doc: 'The integer that `0x…` (or hexadecimal digits alone) stands for, as columns hold it.',
    body: (_, [text]) => (text === null ? null : parseHex(text)),
  },
  level_name: {
    usage: 'level_name(n)',
    doc: 'The name of a page-table level: 0 `pgd`, 1 `p4d`, 2 `pud`, 3 `pmd`, 4 `pte`, 5 `contpmd`, 6 `contpte`.',
    body: (_, [n]) => (n === null ? null : levelOf('level_name', n)),
  },
  decode: {
    usage: 'decode(desc[, level[, run]])',
    doc: 'A descriptor in words. `level` is a name or a number, `pte` by default; `run` gives the geometry that says where the address bits are.',
    body: (runs, [desc, level = 4n, run = null]) => {
      if (desc === null || level === null) return null
      const geometry = run === null ? null : runGeometry(runOf('decode', runs, run))
      return descriptorText(unsigned('decode', desc), levelOf('decode', level), geometry)
    },
  },
  region: {
    usage: 'region(va, run)',
    doc: 'The part of the address space that an address is in: `linear`, `modules`, `vmalloc`, `vmemmap`, `pci-io`, `fixmap`, `user`. Null where the run does not say its geometry.',
    body: (runs, [va, run]) => {
      if (va === null || run === null) return null
      return regionName(unsigned('region', va), runOf('region', runs, run).geometry)
    },
  },
}

export const FUNCTION_NAMES: readonly string[] = Object.keys(SQL_FUNCTIONS)

/** Makes the functions known to a connection, which then sees the runs given here. */
export function registerFunctions(db: Sqlite.Database, runs: readonly Run[]): void {
  const byId = new Map(runs.map((run) => [BigInt(run.id), run]))
  for (const [name, { body, usage }] of Object.entries(SQL_FUNCTIONS)) {
    const varargs = usage.includes('[')
    const call = (...args: SqlValue[]) => {
      const result = body(byId, args)
      return typeof result === 'bigint' ? BigInt.asIntN(64, result) : result
    }
    // SQLite checks the number of arguments by the function's own length, which a rest parameter does not have.
    const length = varargs ? 0 : usage.split(',').length
    Object.defineProperty(call, 'length', { value: length })
    db.function(name, { deterministic: true, safeIntegers: true, varargs }, call)
  }
}

function unsigned(fn: string, value: SqlValue | undefined): bigint {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value)
  // The views show 64-bit values as text; both forms are taken everywhere.
  if (typeof value === 'string') return BigInt.asUintN(64, parseHex(value))
  throw new InputError(`${fn}() takes an integer or '0x…', got ${shown(value)}`)
}

function parseHex(value: SqlValue | undefined): bigint {
  if (typeof value === 'string' && /^(0x)?[0-9a-f]{1,16}$/i.test(value)) {
    return BigInt(/^0x/i.test(value) ? value : `0x${value}`)
  }
  throw new InputError(`${shown(value)} is not a 64-bit hexadecimal number`)
}

function levelOf(fn: string, value: SqlValue | undefined): LevelName {
  const name =
    typeof value === 'bigint'
      ? LEVEL_NAMES[Number(value)]
      : LEVEL_NAMES.find((known) => known === value)
  if (name !== undefined) return name
  throw new InputError(
    `${fn}(): ${shown(value)} is not a level; they are 0 to 6: ${LEVEL_NAMES.join(', ')}`,
  )
}

function runOf(fn: string, runs: ReadonlyMap<bigint, Run>, id: SqlValue | undefined): Run {
  const run = typeof id === 'bigint' ? runs.get(id) : undefined
  if (run) return run
  throw new InputError(`${fn}(): there is no run ${shown(id)}; see: select id, label from run`)
}

const shown = (value: SqlValue | undefined): string =>
  value instanceof Uint8Array
    ? 'a blob'
    : typeof value === 'string'
      ? `'${value.slice(0, 40)}'`
      : String(value)
