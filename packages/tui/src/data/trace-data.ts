import {
  closeStates,
  csvLines,
  diffRuns,
  InputError,
  isPartOf,
  type Run,
  type RunFile,
  type TraceEvent,
  nestOf,
  openRuns,
  readApart,
  readMarks,
  whyDescriptor,
  whyRows,
  writeFileAtomic,
  writeMarks,
} from '@pagetrail/recorder'
import { statSync } from 'node:fs'
import { type Data, MOST_NAMES } from './data.ts'
import { checkView } from './check-view.ts'
import { DiffPages } from './diff-pages.ts'
import { profileOf } from './profile.ts'
import { sampleDensity } from './density.ts'
import { exists, expanded, pathsFor } from './paths.ts'
import { nextOdd } from './odd.ts'
import { EventPager } from './paging.ts'
import { StateReader } from './state-reader.ts'

/** What the thread that owns the connection answers. */
export interface TraceData extends Omit<Data, 'cancel' | 'sql' | 'command'> {
  /** Writes down what was proven of the file. */
  remember(): Promise<void>
}

/** The answers of an open database; long ones come in slices, so that others get their turn. */
export async function openTraceData(db: string, proofs?: string): Promise<TraceData> {
  const runFile = await openRuns(db, { mode: 'read', proofs })
  const stillThere = watched(db)
  const pages = new DiffPages(runFile)
  const pager = new EventPager(runFile)
  const states = new StateReader(runFile)
  return {
    runs: async () => {
      stillThere()
      return runFile.runs()
    },
    find: async (spec) => runFile.find(spec),
    window: async (query) => pager.window(runOf(runFile, query.run), query),
    count: async (query) => pager.count(runOf(runFile, query.run), query),
    matches: async (query) => pager.matches(runOf(runFile, query.run), query),
    seek: async (query) => pager.find(runOf(runFile, query.run), query),
    stopSeek: async () => pager.stopFinding(),
    matching: async (id, seqs, filter) => pager.matching(runOf(runFile, id), seqs, filter),
    callsWith: async (id, filter) => pager.callsWith(runOf(runFile, id), filter),
    pair: async (id, event) => findPair(pager, runOf(runFile, id), event),
    state: async (query) => states.read(runOf(runFile, query.run), query),
    why: async (id, va, at) => {
      const run = runOf(runFile, id)
      return states.reach(run, at) ?? [...whyRows(whyDescriptor(runFile, run, va, at))]
    },
    density: async (id, _total, buckets) => sampleDensity(runFile, runOf(runFile, id), buckets),
    profile: async (query) => profileOf(runFile, runOf(runFile, query.run), query),
    names: async (id) => runFile.namesIn(runOf(runFile, id), MOST_NAMES),
    rename: async (id, label) => writing(db, (w) => w.rename(runOf(w, id), label)),
    remove: async (id) => writing(db, (w) => w.remove(runOf(w, id))),
    marks: async (id) => readMarks(runFile, runOf(runFile, id)),
    saveMarks: async (id, marks) => writing(db, (w) => writeMarks(w, runOf(w, id), marks)),
    check: async (id) => checkView(runFile, runOf(runFile, id)),
    brief: async (id) => checkView(runFile, runOf(runFile, id)),
    diff: async (left, right) =>
      diffRuns(runFile.source(runOf(runFile, left)), runFile.source(runOf(runFile, right)), {
        pairs: true,
        apart: readApart,
      }),
    odd: async (id, from, backward) => nextOdd(runFile.source(runOf(runFile, id)), from, backward),
    diffRows: async (query) => pages.page(query),
    rowOf: async (of, place) => pages.find(of, place),
    difference: async (query) => pages.seek(query),
    exportResult: async (file, { columns, rows }) => {
      const lines = csvLines(columns, rows).map((line) => `${line}\r\n`)
      if (isPartOf(db, expanded(file))) throw new InputError(`${file} is the database itself`)
      await writeFileAtomic(expanded(file), lines)
    },
    exists: async (file) => exists(file),
    paths: pathsFor,
    remember: async () => runFile.remember(),
    close: async () => {
      closeStates(runFile)
      runFile.close()
    },
  }
}

/** Throws InputError once the file is another one than now: what is shown is no longer what is there. */
function watched(db: string): () => void {
  const was = statSync(db)
  return () => {
    const now = statSync(db, { throwIfNoEntry: false })
    const again = 'leave, and open it again'
    if (!now) throw new InputError(`${db} was removed; what is shown is what it held: ${again}`)
    if (now.ino !== was.ino || now.dev !== was.dev) {
      throw new InputError(`${db} was replaced by another file; the old one is shown: ${again}`)
    }
  }
}

const runOf = (runFile: RunFile, id: number): Run => runFile.find(String(id))

/** Writing needs another connection: the one for reading stays open and sees the change. */
async function writing(db: string, f: (runFile: RunFile) => void): Promise<void> {
  const runFile = await openRuns(db, { mode: 'write' })
  try {
    f(runFile)
  } finally {
    runFile.close()
  }
}

/** The other end of a node of the call tree: same depth, same CPU, and nothing of that depth between. */
async function findPair(pager: EventPager, run: Run, e: TraceEvent): Promise<number | null> {
  const backward = nestOf(e.kind) === -1
  const filter = `nest <= ${e.nest} && cpu == ${e.cpu}`
  return pager.find(run, { run: run.id, filter, from: e.seq, backward })
}
