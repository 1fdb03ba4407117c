import { type Kysely, sql } from 'kysely'

/** What a producer says of an event beside the fields of its kind: JSON of `src` and of its free fields `x_…`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table event add column more text`.execute(db)
}
