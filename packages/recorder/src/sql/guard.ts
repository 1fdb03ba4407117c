import { InputError } from '@pagetrail/engine'

/** Statements that only read. `with` may also begin a write, which only SQLite knows, once it is prepared. */
const READING = new Set(['select', 'with', 'values', 'explain', 'pragma'])

/** Pragmas that describe the schema; they take the name of what they describe. */
const DESCRIBING = new Set([
  'table_info',
  'table_xinfo',
  'table_list',
  'index_list',
  'index_info',
  'index_xinfo',
  'foreign_key_list',
  'integrity_check',
  'quick_check',
])

/** Pragmas that report a value; with an argument some of them would set it. */
const REPORTING = new Set([
  'application_id',
  'collation_list',
  'compile_options',
  'data_version',
  'database_list',
  'encoding',
  'freelist_count',
  'function_list',
  'journal_mode',
  'module_list',
  'page_count',
  'page_size',
  'pragma_list',
  'schema_version',
  'user_version',
])

/** Why a statement that begins with this word is refused; the rest is not a query. */
const REASONS: Readonly<Record<string, string>> = {
  attach: 'other files cannot be attached; export the runs and join them there',
  detach: 'nothing is attached',
  vacuum: 'it would write a file; copy the database instead',
  begin: 'each query is a transaction of its own',
  savepoint: 'each query is a transaction of its own',
  commit: 'each query is a transaction of its own',
  rollback: 'each query is a transaction of its own',
}

/**
 * Refuses by its first word what is not a query, before SQLite sees it: SQLite counts ATTACH and BEGIN among the
 * statements that only read. Throws InputError that says what is refused and why.
 */
export function checkStatement(text: string): void {
  const words = wordsOf(text)
  const first = words.next().value
  if (first === undefined) throw new InputError('there is no statement; try: select * from run')
  if (!READING.has(first)) {
    const reason =
      REASONS[first] ??
      'only queries are run: SELECT, WITH, VALUES, EXPLAIN, and PRAGMA that report'
    throw new InputError(`${first.toUpperCase()} is refused: ${reason}`)
  }
  if (first === 'pragma') checkPragma(words)
}

/** Of a statement that {@link checkStatement} has let through: whether it reports what SQLite knows of the file. */
export const isPragma = (text: string): boolean => wordsOf(text).next().value === 'pragma'

function checkPragma(words: Iterator<string, undefined>): void {
  let name = words.next().value ?? ''
  let next = words.next().value
  if (next === '.') {
    name = words.next().value ?? ''
    next = words.next().value
  }
  if (DESCRIBING.has(name)) return
  if (!REPORTING.has(name)) {
    throw new InputError(`PRAGMA ${name} is refused: only pragmas that report on the file are run`)
  }
  if (next !== undefined && next !== ';') {
    throw new InputError(`PRAGMA ${name} is refused with a value: it would change the file`)
  }
}

const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** Whether the statement has the parameter `:run`, outside of texts, names and comments. */
export const namesRun = (text: string): boolean =>
  /:run(?![\w$])/.test(text.replaceAll(QUOTED, ' '))

/** The words and signs of a statement in lower case, without blanks, comments and leading semicolons. */
function* wordsOf(text: string): Generator<string, undefined> {
  let begun = false
  for (const [token] of text.matchAll(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\p{L}\p{N}_$]+|\S/gu)) {
    const skipped = token.startsWith('--') || token.startsWith('/*') || (token === ';' && !begun)
    if (skipped) continue
    begun = true
    yield token.toLowerCase()
  }
}
