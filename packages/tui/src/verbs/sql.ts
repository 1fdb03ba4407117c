import { type Command, Option } from '@commander-js/extra-typings'
import {
  csvLines,
  ENGINES,
  escapeControls,
  findQuery,
  InputError,
  jsonLine,
  lakeQuery,
  pairLines,
  QUERIES,
  QUERY_MS,
  QUERY_ROWS,
  type QueryResult,
  namesRun,
  resultLines,
  runQuery,
  type SqlValue,
} from '@pagetrail/recorder'
import type { JsonLines } from '../command/json-lines.ts'
import { noteLostEvents } from '../command/lost-events.ts'
import type { Session, Status } from '../command/session.ts'
import { sqlPrompt } from '../command/sql-prompt.ts'
import { parseCount, RUN } from './arguments.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['table', 'csv', 'json'] as const

const declared = (command: Command) =>
  command
    .argument('[query]', 'one statement of SQLite')
    .option('--list', 'list the ready queries')
    .option('--query <name>', 'run a ready query')
    .option('--run <run>', `for :run; ${RUN} (default: -1)`)
    .addOption(new Option('--format <format>', 'output').choices(FORMATS).default('table' as const))
    .addOption(
      new Option('--for <engine>', 'print the ready query for a folder of runs').choices(ENGINES),
    )
    .option('--lake <folder>', 'with --for: the folder (default: .)')
    .option('--safe-csv', 'csv: mark texts that a spreadsheet would run as text')
    .option('--rows <n>', 'at most that many rows', parseCount, QUERY_ROWS)
    .option('--timeout <seconds>', 'at most that much time', parseCount, QUERY_MS / 1000)

type Options = OptionsOf<typeof declared>

export const sqlVerb: Verb = {
  name: 'sql',
  group: 'Looking at one:',
  pages: true,
  summary: 'ask the database in SQL, read-only',
  more: `There is a view for each kind of event, named like it, with addresses in hexadecimal; docs/sql.md describes all of it.
Without a query, it prompts on a terminal, and otherwise reads the query from standard input. :run in a query stands for
the run that --run names. A limit that was reached is reported, and the exit status is then 3. With --for, a ready query is
printed instead of run, in the form for all runs of a folder that export filled (docs/fleet.md).`,
  examples: [
    ["sql 'select level, count(*) from desc_write group by 1'", 'stores by level'],
    ['sql --list', 'the queries that come with it'],
    ['sql --query redundant-writes --run modules --format csv', 'one of them, for a spreadsheet'],
    ['sql --query calls --for duckdb --lake fleet | duckdb', 'of all runs of a folder'],
  ],
  declare: (command, invoke) =>
    declared(command).action((query, options) => invoke((session) => sql(session, query, options))),
}

async function sql(session: Session, query: string | undefined, options: Options): Promise<Status> {
  if (options.list) return listQueries(session)
  if (options.for !== undefined || options.lake !== undefined)
    return printLakeQuery(session, query, options)
  if (query !== undefined && options.query !== undefined) {
    throw new InputError('give a query or --query, not both')
  }
  const { terminal } = session.io
  if (query === undefined && options.query === undefined && terminal !== null && !session.json) {
    session.atOnce()
    return sqlPrompt(session, terminal, {
      ask: (text, signal) => ask(session, text, options, signal),
      list: () => listQueries(session),
    })
  }
  const ready = options.query === undefined ? null : findQuery(options.query)
  const text = ready?.sql ?? query ?? (await standardInput(session))
  if (text.trim() === '') throw new InputError('no query; give one, or --list shows ready ones')
  return session.interruptible((signal) => ask(session, text, options, signal))
}

function printLakeQuery(
  session: Session,
  query: string | undefined,
  { query: name, for: engine, lake, run }: Options,
): Status {
  if (engine === undefined) throw new InputError(`--lake needs --for ${ENGINES.join(' or --for ')}`)
  if (query !== undefined || name === undefined) {
    throw new InputError('--for prints a ready query: name one with --query; --list shows them')
  }
  if (run !== undefined) {
    throw new InputError('--for asks all runs of a folder, each row names its own: leave --run out')
  }
  const sql = lakeQuery(name, engine, lake ?? '.')
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('query', { name, engine, sql })
    lines.end(true)
  } else session.out.lines(`${sql};`.split('\n').map(escapeControls))
  return 0
}

/** Runs one query and prints its result. */
async function ask(
  session: Session,
  text: string,
  options: Options,
  signal: AbortSignal,
): Promise<Status> {
  const asks = namesRun(text)
  if (options.run !== undefined && !asks) {
    throw new InputError(
      '--run stands for :run, which this query does not have; without it all runs are asked',
    )
  }
  const runFile = await session.runFile('read')
  const run = asks ? runFile.find(options.run ?? '-1').id : undefined
  const limits = { rows: options.rows, ms: options.timeout * 1000 }
  const json = session.json || options.format === 'json'
  const lines = json ? session.jsonLines() : null
  const result = await runQuery(session.options.db, text, {
    ...limits,
    signal,
    proofs: session.proofs,
    ...(run === undefined ? {} : { run }),
    ...(lines ? { onRows: (columns, rows) => printJson(session, lines, columns, rows) } : {}),
  })
  const { columns, rows, limit, notice } = result
  if (lines) lines.end(limit === null, notice === null ? {} : { why: notice })
  else
    session.out.lines(
      options.format === 'csv'
        ? csvLines(columns, rows, { safe: options.safeCsv ?? false })
        : resultLines(columns, rows),
    )
  await session.out.flush()
  if (notice !== null) await session.note(notice)
  await noteLostEvents(session, runFile)
  return statusOf(result)
}

const statusOf = ({ limit }: QueryResult): Status =>
  limit === null ? 0 : limit === 'cancelled' ? 130 : 3

async function printJson(
  session: Session,
  lines: JsonLines,
  columns: readonly string[],
  rows: readonly SqlValue[][],
): Promise<void> {
  for (const row of rows) lines.data('row', { row: JSON.parse(jsonLine(columns, row)) as unknown })
  await session.out.room()
}

async function standardInput(session: Session): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of session.io.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function listQueries(session: Session): Status {
  if (session.json) {
    const lines = session.jsonLines()
    for (const { name, title, sql: text } of QUERIES)
      lines.data('query', { name, title, sql: text })
    lines.end(true)
  } else
    session.out.lines(pairLines(QUERIES.map(({ name, title }) => [name, escapeControls(title)])))
  return 0
}
