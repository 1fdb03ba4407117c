import {
  INTERLEAVINGS,
  type LibraryScenario,
  pairLines,
  scenarioNamed,
  SCENARIOS,
} from '@pagetrail/recorder'
import type { Session, Status } from '../command/session.ts'
import type { Verb } from './verb.ts'

export const scenariosVerb: Verb = {
  name: 'scenarios',
  group: 'Getting runs:',
  pages: true,
  summary: 'list the scenarios that come with it, or print one',
  examples: [
    ['scenarios', 'names, and what each shows'],
    ['scenarios clean-ro > mine.json', 'one as JSON, to be changed and recorded'],
  ],
  declare(command, invoke) {
    command
      .argument('[name]', 'print this one as JSON')
      .option('--explore', 'those for the search of interleavings')
      .action((name, { explore }) =>
        invoke((session) => {
          if (name !== undefined) return printScenario(session, name)
          return list(session, explore === true ? INTERLEAVINGS : SCENARIOS)
        }),
      )
  },
}

function list(session: Session, scenarios: readonly LibraryScenario[]): Status {
  if (session.json) {
    const lines = session.jsonLines()
    for (const { name, group, sentence } of scenarios)
      lines.data('scenario', { name, group, sentence })
    lines.end(true)
    return 0
  }
  const groups = Map.groupBy(scenarios, (scenario) => scenario.group)
  for (const [group, members] of groups) {
    session.out.line(session.paint.bold(group))
    const rows = pairLines(members.map(({ name, sentence }) => [name, sentence]))
    session.out.lines(rows.map((row) => `  ${row}`))
    session.out.line()
  }
  return 0
}

function printScenario(session: Session, name: string): Status {
  const { json, geometry } = scenarioNamed(name)
  const whole = { geometry, ...Object(json) }
  if (session.json) {
    const lines = session.jsonLines()
    lines.data('scenario', whole)
    lines.end(true)
  } else session.out.line(JSON.stringify(whole, null, 2))
  return 0
}
