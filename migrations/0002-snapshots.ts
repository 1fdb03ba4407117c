import { type Kysely, sql } from 'kysely'

/**
 * Folded state at some event, so that seeking need not start at 0. Only a cache: deleting every row changes no answer.
 * `version` is that of the projection's own format; other versions are ignored and overwritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table snapshot (
      run integer not null,
      projection text not null,
      version integer not null,
      seq integer not null,
      body blob not null,
      -- SHA-256 of body: a damaged snapshot is none
      digest blob not null,
      primary key (run, projection, seq)
    ) strict, without rowid`.execute(db)
}
