import { fieldsOf, KIND_NAMES } from '@pagetrail/recorder'
import { QUERIES } from '../../../packages/recorder/src/sql/queries/queries.ts'
import { SQL_FUNCTIONS } from '../../../packages/recorder/src/sql/functions.ts'
import { PAGE_TABLE_COLUMNS } from '../../../packages/recorder/src/sql/page-table.ts'
import { MEMORY_MAX_BYTES, VALUE_MAX } from '../../../packages/recorder/src/sql/query-protocol.ts'
import { QUERY_MS, QUERY_ROWS } from '../../../packages/recorder/src/sql/run-query.ts'
import { TABLES, VIEW_COLUMNS } from './schema-doc.ts'

/** docs/sql.md, made from the code that it describes; a test keeps the file equal to it. */
export function sqlDocument(): string {
  return [HEAD, tables(), VIEWS, views(), functions(), pageTable(), queries(), FLEET].join('\n')
}

const HEAD = `# SQL over runs

Made by \`test/recorder/sql/sql-doc.ts\`: do not edit, run \`pnpm run docs:sql\`.

    pagetrail sql "select fn, count(*) from walk_begin group by fn"
    pagetrail sql --list                              # the ready queries
    pagetrail sql --query redundant-writes --run -1

A query runs in a process of its own, on a connection that can only read: one statement, SELECT, WITH, VALUES, EXPLAIN
or a PRAGMA that reports. ATTACH, writes of any kind, VACUUM, transactions, pragmas that set something and
load_extension() are refused. It is stopped after ${QUERY_MS / 1000} seconds, ${QUERY_ROWS} rows or
${MEMORY_MAX_BYTES / 2 ** 20} MB of memory, and by Ctrl-C at once; what was found until then is shown, and a notice says
what happened. A text or blob longer than ${VALUE_MAX / 1024} KB is cut. Any other SQLite program can read the file as
well: only the functions and \`page_table\` below are Pagetrail's own.

Addresses and descriptors are 64 bits without sign; SQLite's integers have one. In the tables they are therefore in two's
complement: kernel addresses are negative numbers, and still in order among themselves. The views show them as
\`0x…\`. Every function below takes either form.

## Tables

The schema is stable: a column that is here stays what it is. \`pragma user_version\` is the version of a file; what a
later version adds is listed in CHANGELOG.md.
`

const FLEET = `## Many files on other engines

\`pagetrail export --all --format parquet -o FOLDER\` writes the runs of a database as a folder that DuckDB, ClickHouse, Spark and
Trino read as one table, and \`sql --query NAME --for duckdb\` (or \`clickhouse\`) prints a ready query for it:
[fleet.md](fleet.md).
`

function tables(): string {
  return Object.entries(TABLES)
    .map(([name, { doc, columns }]) => {
      const rows = Object.entries(columns).map(([column, text]) => `| ${column} | ${text} |`)
      return [`### ${name}`, '', doc, '', '| column | |', '|---|---|', ...rows, ''].join('\n')
    })
    .join('\n')
}

const VIEWS = `## Views

One view for each kind of event, named like it, with ${VIEW_COLUMNS.map((name) => `\`${name}\``).join(', ')}, the fields
of the kind, \`src\` (the place in the producer's source) and \`more\` (that and the free fields \`x_…\` as JSON, so
\`more ->> 'x_pc'\` is one of them): names and levels as text, 64-bit values as \`0x…\`. What the fields are is in [events.md](events.md).

| view | its own columns |
|---|---|`

const views = (): string =>
  [
    ...KIND_NAMES.map((kind) => {
      const fields = fieldsOf(kind).map(([name]) => `\`${name}\``)
      return `| ${kind} | ${fields.join(', ')} |`
    }),
    '',
  ].join('\n')

function functions(): string {
  const rows = Object.values(SQL_FUNCTIONS).map(({ usage, doc }) => `| \`${usage}\` | ${doc} |`)
  return ['## Functions', '', '| function | |', '|---|---|', ...rows, ''].join('\n')
}

function pageTable(): string {
  const rows = Object.entries(PAGE_TABLE_COLUMNS).map(([name, doc]) => `| ${name} | ${doc} |`)
  return `## page_table(run, seq)

The leaves of a run's page tables as they stood after event \`seq\` (after the last one without it), one row an entry:

    select access, count(*), sum(size) from page_table(1, 5000) where region(va, 1) = 'linear' group by access

| column | |
|---|---|
${rows.join('\n')}
`
}

function queries(): string {
  const rows = QUERIES.map(({ name, title }) => `| ${name} | ${title.replaceAll('|', '\\|')} |`)
  return [
    '## Ready queries',
    '',
    '`pagetrail sql --query NAME --run RUN`; `--list` lists them.',
    '',
    '| name | |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
}
