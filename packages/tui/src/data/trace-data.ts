import {
  closeStates,
  csvLines,
  diffRuns,
  type Run,
  type Trace,
  type TraceEvent,
  nestOf,
  openTrace,
  readMarks,
  whyDescriptor,
  whyRows,
  writeFileAtomic,
  writeMarks,
} from '@pagetrail/recorder'
import type { Data } from './data.ts'
import { checkView } from './check-view.ts'
import { DiffPages } from './diff-pages.ts'
import { sampleDensity } from './density.ts'
import { Pager } from './paging.ts'
import { StateReader } from './state-reader.ts'

/** The answers of an open database; long ones come in slices, so that others get their turn. */
export async function openTraceData(db: string): Promise<Omit<Data, 'cancel' | 'sql' | 'command'>> {
  const trace = await openTrace(db, { mode: 'read' })
  const pages = new DiffPages(trace)
  const pager = new Pager(trace)
  const states = new StateReader(trace)
  return {
    runs: async () => trace.runs(),
    find: async (spec) => trace.find(spec),
    window: async (query) => pager.window(runOf(trace, query.run), query),
    count: async (query) => pager.count(runOf(trace, query.run), query),
    seek: async (query) => pager.find(runOf(trace, query.run), query),
    stopSeek: async () => pager.stopFinding(),
    pair: async (id, event) => findPair(pager, runOf(trace, id), event),
    state: async (query) => states.read(runOf(trace, query.run), query),
    why: async (id, va, at) => [...whyRows(whyDescriptor(trace, runOf(trace, id), va, at))],
    density: async (id, _total, buckets) => sampleDensity(trace, runOf(trace, id), buckets),
    names: async (id) => trace.namesIn(runOf(trace, id), NAMES),
    rename: async (id, label) => writing(db, (w) => w.rename(runOf(w, id), label)),
    remove: async (id) => writing(db, (w) => w.remove(runOf(w, id))),
    marks: async (id) => readMarks(trace, runOf(trace, id)),
    saveMarks: async (id, marks) => writing(db, (w) => writeMarks(w, runOf(w, id), marks)),
    check: async (id) => checkView(trace, runOf(trace, id)),
    diff: async (left, right) =>
      diffRuns(trace.source(runOf(trace, left)), trace.source(runOf(trace, right))),
    diffRows: async (query) => pages.page(query),
    difference: async (query) => pages.seek(query),
    exportResult: async (file, { columns, rows }) => {
      const lines = csvLines(columns, rows).map((line) => `${line}\r\n`)
      await writeFileAtomic(file, lines)
    },
    close: async () => {
      closeStates(trace)
      trace.close()
    },
  }
}

const runOf = (trace: Trace, id: number): Run => trace.find(String(id))

/** Writing needs another connection: the one for reading stays open and sees the change. */
async function writing(db: string, f: (trace: Trace) => void): Promise<void> {
  const trace = await openTrace(db, { mode: 'write' })
  try {
    f(trace)
  } finally {
    trace.close()
  }
}

/** The other end of a node of the call tree: same depth, same CPU, and nothing of that depth between. */
async function findPair(pager: Pager, run: Run, e: TraceEvent): Promise<number | null> {
  const backward = nestOf(e.kind) === -1
  const filter = `nest <= ${e.nest} && cpu == ${e.cpu}`
  return pager.find(run, { run: run.id, filter, from: e.seq, backward })
}

/** Names offered for completion. */
const NAMES = 2_000
