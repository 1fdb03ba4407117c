import { InputError } from '@pagetrail/engine'

import type { Run } from '../event/run.ts'
import type { RunFile } from './run-file.ts'
import { BIND, BIND_TEXT, build } from './schema.ts'
import { marksProblem, sealMarks } from './seal.ts'
import { guarded } from './sqlite-errors.ts'
import { execute, hasTable, prepare, selectAll } from './statements.ts'

/** A place in a run that a person marked; the text is empty where nothing was noted. */
export interface Mark {
  readonly seq: number
  readonly text: string
}

/**
 * The marks of a run by seq; none where the file is older than marks.
 *
 * @throws InputError for marks that are not those that were set
 */
export function readMarks({ db, path }: RunFile, run: Run): Mark[] {
  return guarded(path, () => {
    if (!hasTable(db, 'mark')) return []
    const problem = marksProblem(db, run.id)
    if (problem !== null)
      throw new InputError(`${path} is damaged: ${problem}; setting one replaces them`)
    const query = build.selectFrom('mark').select(['seq', 'text']).where('run', '=', BigInt(run.id))
    return selectAll(db, query.orderBy('seq')).map(({ seq, text }) => ({ seq: Number(seq), text }))
  })
}

/** Makes these the marks of a run; the trace must be open for writing. */
export function writeMarks({ db, path }: RunFile, run: Run, marks: readonly Mark[]): void {
  const row = { run: BIND, seq: BIND, text: BIND_TEXT }
  const write = db.transaction(() => {
    const insert = prepare(db, build.replaceInto('mark').values(row))
    execute(db, build.deleteFrom('mark').where('run', '=', BigInt(run.id)))
    for (const { seq, text } of marks) insert.run(run.id, seq, text)
    sealMarks(db, run.id)
  })
  guarded(path, () => write())
}
