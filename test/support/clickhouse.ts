import { query } from 'chdb'

/** Asks ClickHouse, in this process; integers of 64 bits come as text. */
export const clickhouse = (sql: string): Record<string, unknown>[] =>
  query(sql, 'JSONEachRow')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
