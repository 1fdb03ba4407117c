/** An engine that reads a folder of Parquet files as one table, and how it says what SQL leaves to engines. */
export interface Dialect {
  /** The table of all events below a folder of runs, with the text column `run`. */
  readonly events: (folder: string) => string
  /** `0x…` of an unsigned integer of 64 bits; null of null. */
  readonly hex: (value: string) => string
  /** Whether two values are different, where null is a value like any other. */
  readonly differs: (a: string, b: string) => string
  /** The quotient of two integers that are not negative, cut to an integer. */
  readonly quotient: (a: string, b: string) => string
  /** An integer in which sums of 64-bit values have room. */
  readonly wide: (value: string) => string
  /** `(value & ~clear) | set`. */
  readonly masked: (value: string, clear: string, set: string) => string
  /** A text in the JSON object that a text column holds; null where it is not there. */
  readonly jsonText: (column: string, key: string) => string
  /** What stands at the end of a statement. */
  readonly tail: string
}

export const ENGINES = ['duckdb', 'clickhouse'] as const
export type Engine = (typeof ENGINES)[number]

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The files of the runs in a folder, as every engine spells a pattern. */
const files = (folder: string): string => `${folder.replace(/\/+$/, '')}/run=*/*.parquet`

export const DIALECTS: Readonly<Record<Engine, Dialect>> = {
  duckdb: {
    // A key of digits alone stays the text that it is.
    events: (folder) =>
      `read_parquet(${quoted(files(folder))}, hive_partitioning = true, hive_types_autocast = false)`,
    hex: (value) => `'0x' || lower(to_hex(${value}))`,
    differs: (a, b) => `${a} is distinct from ${b}`,
    quotient: (a, b) => `${a} // ${b}`,
    wide: (value) => `cast(${value} as hugeint)`,
    masked: (value, clear, set) => `(${value} & ~${clear}) | ${set}`,
    jsonText: (column, key) => `${column} ->> ${quoted(key)}`,
    tail: '',
  },
  clickhouse: {
    events: (folder) =>
      `(select *, decodeURLComponent(extract(_path, 'run=([^/]*)/[^/]*$')) as run from file(${quoted(files(folder).replaceAll('\\', '\\\\'))}, Parquet))`,
    hex: (value) => `'0x' || lower(replaceRegexpOne(hex(${value}), '^0+(.)', '\\\\1'))`,
    differs: (a, b) => `not (${a} <=> ${b})`,
    quotient: (a, b) => `intDiv(${a}, ${b})`,
    wide: (value) => `toInt256(${value})`,
    masked: (value, clear, set) => `bitOr(bitAnd(${value}, bitNot(${clear})), ${set})`,
    jsonText: (column, key) => `nullIf(JSONExtractString(${column}, ${quoted(key)}), '')`,
    // SQL's own rules: names of columns come before those of results, and what a join does not find is null.
    tail: '\nsettings use_hive_partitioning = 0, prefer_column_name_to_alias = 1, join_use_nulls = 1',
  },
}
