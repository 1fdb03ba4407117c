import { runQuery } from '@pagetrail/recorder'
import type { SqlResult } from './data.ts'

/** Runs a query of the console in a process of its own, which the signal ends. */
export async function runSql(
  db: string,
  text: string,
  signal: AbortSignal,
  proofs?: string,
): Promise<SqlResult> {
  const began = performance.now()
  const { columns, rows, notice } = await runQuery(db, text, { signal, proofs })
  return { columns, rows, notice, ms: performance.now() - began }
}
