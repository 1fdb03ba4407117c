import type { Run } from '../event/run.ts'
import type { RunFile } from './run-file.ts'
import { BIND, BIND_TEXT, build } from './schema.ts'
import { execute, hasTable, prepare, selectAll } from './statements.ts'

/** A place in a run that a person marked; the text is empty where nothing was noted. */
export interface Mark {
  readonly seq: number
  readonly text: string
}

/** The marks of a run by seq; none where the file is older than marks. */
export function readMarks(runFile: RunFile, run: Run): Mark[] {
  const { db } = runFile
  if (!hasTable(db, 'mark')) return []
  const query = build.selectFrom('mark').select(['seq', 'text']).where('run', '=', BigInt(run.id))
  return selectAll(db, query.orderBy('seq')).map(({ seq, text }) => ({ seq: Number(seq), text }))
}

/** Makes these the marks of a run; the trace must be open for writing. */
export function writeMarks(runFile: RunFile, run: Run, marks: readonly Mark[]): void {
  const { db } = runFile
  const row = { run: BIND, seq: BIND, text: BIND_TEXT }
  const insert = prepare(db, build.replaceInto('mark').values(row))
  db.transaction(() => {
    execute(db, build.deleteFrom('mark').where('run', '=', BigInt(run.id)))
    for (const { seq, text } of marks) insert.run(run.id, seq, text)
  })()
}
