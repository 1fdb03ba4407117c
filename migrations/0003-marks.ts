import { type Kysely, sql } from 'kysely'

/** Places in a run that a person marked, with a note or without. They say nothing about the run and may change. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table mark (
      run integer not null,
      seq integer not null,
      text text not null,
      primary key (run, seq)
    ) strict, without rowid`.execute(db)
}
