import { type Kysely, sql } from 'kysely'

/**
 * Runs, their calls and events, and the names that events share.
 *
 * `event.id` is run · 2^32 + seq: one rowid carries both, so that a run's events lie together in order and any of them
 * is found without an index. 64-bit values are two's complement. What the columns mean for each kind is in
 * docs/events.md; the views of the kinds show them by name and in hexadecimal.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table run (
      id integer primary key,
      label text not null,
      -- engine, module, ftrace, jsonl, …
      source text not null,
      -- recording, complete, interrupted
      state text not null check (state in ('recording', 'complete', 'interrupted')),
      flavour text,
      kernel text,
      scenario text,
      -- page_shift, va_bits, levels: null where a trace does not tell
      page_shift integer,
      va_bits integer,
      levels integer,
      -- JSON: features, constants, cpu count, file, clock, … of this source
      facts text not null default '{}',
      -- ns of the first timestamp, to which event.ts is relative
      t0 integer,
      -- ms since 1970 when the recording began
      created integer not null,
      events integer not null default 0,
      calls integer not null default 0,
      lost integer not null default 0
    ) strict`.execute(db)
  await sql`create table name (id integer primary key, text text not null unique) strict`.execute(db)
  await sql`
    create table event (
      id integer primary key,
      ts integer,
      cpu integer not null,
      task integer,
      op integer,
      nest integer not null,
      kind integer not null,
      level integer,
      fn integer,
      va integer,
      size integer,
      old integer,
      new integer,
      aux integer,
      ret integer,
      extra text
    ) strict`.execute(db)
  // first and last are seqs; last, ret and end are null for a call that did not return.
  await sql`
    create table call (
      run integer not null,
      op integer not null,
      fn integer not null,
      va integer,
      size integer,
      ret integer,
      task integer,
      cpu integer not null,
      first integer not null,
      last integer,
      primary key (run, op)
    ) strict, without rowid`.execute(db)
}
