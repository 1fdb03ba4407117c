import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkRun,
  openRuns,
  recordScenario,
  SCENARIOS,
  type CheckReport,
  type Finding,
  type Kind,
  type Run,
  type TraceEvent,
} from '@pagetrail/recorder'

import { captures, fixture } from '../../support/runs.ts'

export const FLAVOURS = ['6.12', '6.17', 'seed-v1', '6.18', '7.3'] as const
export type FlavourName = (typeof FLAVOURS)[number]

/** One scenario of the library, recorded on one flavour and checked. */
export interface Recorded {
  readonly run: Run
  readonly results: readonly (number | null)[]
  /** `unsupported`, `stopped`, … where a result is null. */
  readonly outcomes: readonly string[]
  readonly events: readonly TraceEvent[]
  readonly report: CheckReport
}

/** Levels of the leaves that callbacks stored to, and how many blocks were split. */
export interface Captured {
  readonly leaves: string
  readonly splits: number
}

/** The whole library, recorded on every flavour. */
export class Library {
  readonly #runs: ReadonlyMap<string, Recorded>
  /** What captures of modules being loaded show, by kernel. */
  readonly captures: ReadonlyMap<string, Captured>

  constructor(runs: ReadonlyMap<string, Recorded>, captures: ReadonlyMap<string, Captured>) {
    this.#runs = runs
    this.captures = captures
  }

  run(scenario: string, flavour: FlavourName): Recorded {
    const recorded = this.#runs.get(`${scenario} ${flavour}`)
    if (recorded === undefined) throw new Error(`the library has no ${scenario}`)
    return recorded
  }

  results(scenario: string, flavour: FlavourName): string {
    const { results, outcomes } = this.run(scenario, flavour)
    return results.map((ret, i) => ret ?? outcomes[i]).join(', ')
  }

  findings(scenario: string, flavour: FlavourName): readonly Finding[] {
    return this.run(scenario, flavour).report.findings
  }

  fires(scenario: string, flavour: FlavourName, rule: string): boolean {
    return this.findings(scenario, flavour).some((finding) => finding.rule === rule)
  }

  events<K extends Kind>(scenario: string, flavour: FlavourName, kind: K) {
    const of = (e: TraceEvent): e is Extract<TraceEvent, { kind: K }> => e.kind === kind
    return this.run(scenario, flavour).events.filter(of)
  }

  count(scenario: string, flavour: FlavourName, kind: Kind): number {
    return this.events(scenario, flavour, kind).length
  }

  /** Every run, for claims about all of them. */
  *all(): Iterable<readonly [name: string, flavour: FlavourName, run: Recorded]> {
    for (const { name } of SCENARIOS) {
      for (const flavour of FLAVOURS) yield [name, flavour, this.run(name, flavour)]
    }
  }
}

export async function recordLibrary(): Promise<Library> {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-library-'))
  try {
    const runFile = await openRuns(join(folder, 'library.db'), { mode: 'write' })
    const runs = new Map<string, Recorded>()
    for (const { name, json, geometry } of SCENARIOS) {
      for (const flavour of FLAVOURS) {
        const { run, results } = recordScenario(runFile, json, {
          name,
          flavour,
          geometry,
          created: 0,
        })
        const source = runFile.source(run)
        runs.set(`${name} ${flavour}`, {
          results: results.map(({ ret }) => ret),
          outcomes: results.map(({ outcome }) => outcome),
          run: source.run,
          events: [...source.events()],
          report: checkRun(source),
        })
      }
    }
    runFile.close()
    return new Library(runs, await capturedLeaves())
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Captures of modules being loaded, by kernel. */
export const CAPTURES = [
  ['6.12', 'modules_small-6.12.trace.gz'],
  ['6.17', 'modules_small-6.17-localclock.trace.gz'],
  ['6.18 with BBML2', 'modules_small-6.18-bbm.trace.gz'],
] as const

async function capturedLeaves(): Promise<Map<string, Captured>> {
  const sources = await captures(...CAPTURES.map(([, file]) => fixture(file)))
  return new Map(
    CAPTURES.map(([kernel], i) => {
      const events = [...sources[i]!.events()]
      const levels = events.flatMap((e) => (e.kind === 'desc_write' ? [e.level] : []))
      const splits = events.filter((e) => e.kind === 'split').length
      return [kernel, { leaves: [...new Set(levels)].join(' '), splits }]
    }),
  )
}
