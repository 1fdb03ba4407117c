import type { Run } from '../event/run.ts'
import type { RunFile } from './run-file.ts'

/** A place in a run that a person marked; the text is empty where nothing was noted. */
export interface Mark {
  readonly seq: number
  readonly text: string
}

/** The marks of a run by seq; none where the file is older than marks. */
export function readMarks(runFile: RunFile, run: Run): Mark[] {
  const { db } = runFile
  if (db.prepare("select 1 from sqlite_schema where name = 'mark'").get() === undefined) return []
  const rows = db
    .prepare<[number], { seq: bigint; text: string }>(
      'select seq, text from mark where run = ? order by seq',
    )
    .all(run.id)
  return rows.map(({ seq, text }) => ({ seq: Number(seq), text }))
}

/** Makes these the marks of a run; the trace must be open for writing. */
export function writeMarks(runFile: RunFile, run: Run, marks: readonly Mark[]): void {
  const { db } = runFile
  const insert = db.prepare('insert or replace into mark (run, seq, text) values (?, ?, ?)')
  db.transaction(() => {
    db.prepare('delete from mark where run = ?').run(run.id)
    for (const { seq, text } of marks) insert.run(run.id, seq, text)
  })()
}
