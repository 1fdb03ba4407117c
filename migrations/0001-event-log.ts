import { type Kysely, sql } from 'kysely'

/**
 * Runs, their calls and events, and the names that events share.
 *
 * `event.id` is run · 2^32 + seq: one rowid carries both, so that a run's events lie together in order and any of them
 * is found without an index. 64-bit values are two's complement. What the columns mean for each kind is in
 * docs/events.md; the views of the kinds show them by name and in hexadecimal.
 *
 * No index beside the rowid, by measurement (10 million events, warm, one core): every event by its number and every
 * page of events is found through the rowid in under a millisecond; one scan for the stores to one address takes
 * 0.4 s, a partial index on event(va) where kind = 8 makes that 0.3 ms but costs 4.5 bytes an event (39 without it) and
 * 1.8 s; an index on kind would cost as much and serve rare kinds only, which batch.kinds finds in 2 ms.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createRuns(db)
  await createEvents(db)
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table run (
      -- never reused: a note that speaks of run 7 stays true after rm 7
      id integer primary key autoincrement,
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
      -- what is committed; kept up to date by every batch
      events integer not null default 0,
      calls integer not null default 0,
      lost integer not null default 0,
      -- SHA-256 of this row; of one that is recording, without its counts
      seal blob
    ) strict`.execute(db)
  await sql`create table name (id integer primary key autoincrement, text text not null unique) strict`.execute(
    db,
  )
  // Which names a run uses, and since which batch: rm can drop what nobody uses, and the digests cover the texts.
  await sql`
    create table name_use (
      run integer not null,
      name integer not null,
      first integer not null,
      primary key (run, name)
    ) strict, without rowid`.execute(db)
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
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
      fn integer,
      va integer,
      size integer,
      ret integer,
      task integer,
      cpu integer not null,
      first integer not null,
      last integer,
      primary key (run, op)
    ) strict, without rowid`.execute(db)
  // One transaction's worth of events: seqs first … first + count - 1. kinds has bit k set if kind k occurs; digest is
  // SHA-256 of the previous batch's digest and this one's events.
  await sql`
    create table batch (
      run integer not null,
      first integer not null,
      count integer not null,
      kinds integer not null,
      digest blob not null,
      primary key (run, first)
    ) strict, without rowid`.execute(db)
}
