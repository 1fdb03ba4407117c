/** What a table of the file is for, and its columns; a test compares them with a real file. */
export interface TableDoc {
  readonly doc: string
  readonly columns: Readonly<Record<string, string>>
}

/** The tables of schema version 3, for docs/sql.md. Views are made from KINDS and documented in docs/events.md. */
export const TABLES: Readonly<Record<string, TableDoc>> = {
  run: {
    doc: 'One row a recorded run.',
    columns: {
      id: 'number of the run; never used again',
      label: 'what it is called',
      source: '`engine`, `module`, `ftrace` or `jsonl`',
      state: '`recording`, `complete` or `interrupted`',
      flavour: '`6.12`, `6.17`, `seed-v1`, `6.18` or `7.3`',
      kernel: 'release of the real kernel',
      scenario: 'name of the scenario',
      page_shift: '12, 14 or 16; null, like the next two, where a trace does not say',
      va_bits: 'bits of a kernel address',
      levels: 'levels of the tables',
      facts: 'JSON: features, constants, file, clock, … of this source',
      t0: 'ns of the first timestamp',
      created: 'ms since 1970 when the recording began',
      events: 'how many events it has',
      calls: 'how many calls',
      lost: 'events known to be missing',
      seal: 'SHA-256 of this row; while it is recording, without its counts',
    },
  },
  event: {
    doc: 'One row an event, in the order of their `id`. Which columns a kind uses is in [events.md](events.md).',
    columns: {
      id: 'run · 2^32 + seq: `id >> 32` is the run, `id & 4294967295` the seq',
      ts: 'ns since the run’s first timestamp',
      cpu: 'CPU',
      task: 'id of the task’s name in `name`',
      op: 'call that it belongs to',
      nest: 'depth in the call tree of its task',
      kind: 'number of the kind',
      level: '0 `pgd` … 4 `pte`, 5 `contpmd`, 6 `contpte`; see `level_name()`',
      fn: 'id of the function’s name in `name`',
      va: 'address',
      size: 'bytes of the range, or another small number of the kind',
      old: 'value before',
      new: 'value after',
      aux: 'a further value of the kind',
      ret: 'return value',
      extra: 'JSON',
      more: 'JSON of `src` and the free fields `x_…`',
    },
  },
  call: {
    doc: 'One row a top-level call; derived from its `op_begin` and `op_end`.',
    columns: {
      run: 'run',
      op: 'index of the call in its run, from 0',
      fn: 'id of the function’s name',
      va: 'start of its range',
      size: 'bytes of its range',
      ret: 'what it returned; null, like `last`, if it did not',
      task: 'id of the task’s name',
      cpu: 'CPU on which it began',
      first: 'seq of its `op_begin`',
      last: 'seq of its `op_end`',
    },
  },
  name: {
    doc: 'The texts that events share.',
    columns: { id: 'what events hold', text: 'the name' },
  },
  name_use: {
    doc: 'Which names a run uses.',
    columns: { run: 'run', name: 'id of the name', first: 'seq of the batch that first used it' },
  },
  batch: {
    doc: 'One row a transaction of the recorder; `pagetrail verify` follows the chain of digests.',
    columns: {
      run: 'run',
      first: 'seq of its first event',
      count: 'how many events',
      kinds: 'bit k is set if an event of kind k is in it',
      digest: 'SHA-256 of the previous digest and these events',
    },
  },
  mark: {
    doc: 'Places that a person marked in the terminal UI.',
    columns: { run: 'run', seq: 'event', text: 'the note; may be empty' },
  },
  snapshot: {
    doc: 'Page tables after some events: a cache, which may be deleted at any time.',
    columns: {
      run: 'run',
      projection: 'what was folded',
      version: 'version of its form',
      seq: 'the state is that after this event',
      body: 'the state, compressed',
      digest: 'SHA-256 of the body',
    },
  },
}

/** The columns that every view of a kind has before those of its own fields. */
export const VIEW_COLUMNS = ['run', 'seq', 'cpu', 'task', 'op', 'ts'] as const
