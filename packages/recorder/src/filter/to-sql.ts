import { type Kind, KIND_NAMES, KINDS, type TraceEvent } from '../event/kinds.ts'
import type { Filter, FilterNode } from './parse.ts'
import type { Check } from './field-check.ts'
import { valueOf } from './filter-fields.ts'
import type { Condition } from '../event/condition.ts'

/** The filter as a condition on a row of `event`; it is 0 or 1, never null. */
export function toSql(filter: Filter): Condition {
  const parameters: (bigint | string)[] = []
  const sql = nodeSql(filter.root, parameters)
  const kindMask = possibleKinds(filter.root)
  return kindMask === ALL_KINDS ? { sql, parameters } : { sql, parameters, kindMask }
}

const bitOf = (kind: Kind): bigint => 1n << BigInt(KINDS[kind].id)
const union = (masks: readonly bigint[]): bigint => masks.reduce((a, b) => a | b, 0n)
const ALL_KINDS = union(KIND_NAMES.map(bitOf))

/** Kinds of which an event can pass; too many rather than too few. */
function possibleKinds(node: FilterNode): bigint {
  switch (node.type) {
    case 'and':
      return node.parts.map(possibleKinds).reduce((a, b) => a & b, ALL_KINDS)
    case 'or':
      return union(node.parts.map(possibleKinds))
    case 'not':
      return ALL_KINDS
    case 'test':
      return union(node.checks.map(({ kinds }) => (kinds ? union(kinds.map(bitOf)) : ALL_KINDS)))
  }
}

function nodeSql(node: FilterNode, parameters: (bigint | string)[]): string {
  switch (node.type) {
    case 'and':
    case 'or': {
      const parts = node.parts.map((part) => nodeSql(part, parameters))
      return parts.length === 0 ? '1' : `(${parts.join(` ${node.type} `)})`
    }
    case 'not':
      return `(not ${nodeSql(node.part, parameters)})`
    case 'test': {
      const checks = node.checks.map((check) => checkSql(check, parameters))
      return `ifnull(${checks.join(' or ')}, 0)`
    }
  }
}

function checkSql(check: Check, parameters: (bigint | string)[]): string {
  parameters.push(...check.parameters)
  if (check.kinds === null) return `(${check.sql})`
  return `(kind in (${check.kinds.map((kind) => KINDS[kind].id).join(', ')}) and ${check.sql})`
}

/** The filter as a function of an event; it says of each what {@link toSql} says of its row. */
export function toPredicate(filter: Filter): (event: TraceEvent) => boolean {
  return nodePredicate(filter.root)
}

function nodePredicate(node: FilterNode): (event: TraceEvent) => boolean {
  switch (node.type) {
    case 'and': {
      const parts = node.parts.map(nodePredicate)
      return (event) => parts.every((part) => part(event))
    }
    case 'or': {
      const parts = node.parts.map(nodePredicate)
      return (event) => parts.some((part) => part(event))
    }
    case 'not': {
      const part = nodePredicate(node.part)
      return (event) => !part(event)
    }
    case 'test':
      return testPredicate(node.field, node.checks)
  }
}

function testPredicate(field: string, checks: readonly Check[]): (event: TraceEvent) => boolean {
  const byKind = new Map<Kind, Check['test']>()
  for (const check of checks) for (const kind of check.kinds ?? []) byKind.set(kind, check.test)
  const common = checks.find((check) => check.kinds === null)?.test
  return (event) => {
    const test = common ?? byKind.get(event.kind)
    const value = test && valueOf(event, field)
    return test !== undefined && value !== undefined && value !== null && test(value, event)
  }
}
