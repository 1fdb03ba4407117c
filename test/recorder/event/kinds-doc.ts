import { fieldsOf, type Kind, KIND_NAMES, KINDS, nestOf } from '@pagetrail/recorder'
import type { Field } from '../../../packages/recorder/src/event/kind-spec.ts'

/** docs/events.md, made from KINDS; a test keeps the file equal to it. */
export function eventsDocument(): string {
  return [HEAD, ...KIND_NAMES.map(sectionOf)].join('\n')
}

const HEAD = `# Events

Made from the table KINDS in \`packages/recorder/src/event/kinds.ts\`: do not edit, run \`pnpm run docs:events\`.

Every event has \`seq\` (its number in the run, from 0 without gaps), \`cpu\`, \`op\` (index of the top-level call that it
belongs to; null outside calls), \`kind\`, and where they are known \`ts\` (ns since the first timestamp of the run) and
\`task\` (\`comm-pid\`). What is unknown is null, or left out where a field is marked optional.

Its producer may add \`src\` (\`file.c:123\`, the place in its source) and free fields \`x_…\` with any JSON: they are kept,
shown and filtered by, and never compared.

In JSON a 64-bit value is a string such as \`"0xffff800080000000"\`. In the database, table \`event\` holds the fields in the
columns below: 64-bit values in two's complement, names as ids of table \`name\`, levels and other named values as
numbers. \`id\` is run · 2^32 + seq; \`more\` is the JSON of \`src\` and the free fields. For each kind a view of its name
shows all that as text.

| type | in JSON | in its column |
|---|---|---|
| u64 | \`"0x…"\` | two's complement |
| end | \`"0x…"\`, the first address after a range | its distance from \`va\` |
| int, depth | number | the same |
| bool | true, false | 1, 0 |
| level | pgd, p4d, pud, pmd, pte, contpmd, contpte | 0 … 6 |
| name | text | id in table \`name\` |
| a list of values | one of them | its index, from 0 |
| json | any JSON | the JSON as text |
`

function sectionOf(kind: Kind): string {
  const { doc, id } = KINDS[kind]
  const nest = {
    0: '',
    1: ' Opens a level of the call tree.',
    [-1]: ' Closes a level of the call tree.',
  }
  const lines = [`## ${kind}`, '', `${doc}${nest[nestOf(kind)]} Kind number ${id}.`, '']
  const fields = fieldsOf(kind)
  if (fields.length > 0)
    lines.push('| field | type | column | |', '|---|---|---|---|', ...fields.map(rowOf), '')
  return lines.join('\n')
}

function rowOf([name, field]: readonly [string, Field]): string {
  const type = field.type === 'enum' ? (field.values ?? []).join(', ') : field.type
  const remarks = [field.optional ? 'optional' : '', field.doc ?? ''].filter((text) => text !== '')
  return `| ${name} | ${type} | ${field.in} | ${remarks.join('; ')} |`
}
