import { FLAVOUR_NAMES, GEOMETRY_NAMES } from '@pagetrail/engine'
import { SCENARIOS } from '@pagetrail/recorder'
import { type Model, query, say } from '../model/model.ts'
import { openPrompt, type Prompt } from '../model/prompt.ts'

/** What the words of a record line are, in their order; the last two may be left out, and may be lists. */
const WORDS: readonly (readonly string[])[] = [
  SCENARIOS.map((scenario) => scenario.name),
  FLAVOUR_NAMES,
  GEOMETRY_NAMES,
]

/** Names that may stand at the cursor of a record line, and what they replace. */
export function recordChoices(p: Prompt): { start: number; candidates: readonly string[] } {
  const before = p.text.slice(0, p.at)
  const word = before.split(/\s+/).length - 1
  const start = Math.max(before.lastIndexOf(' '), before.lastIndexOf(',')) + 1
  const typed = before.slice(start)
  const names = WORDS[word] ?? []
  const matching = names.filter((name) => name.includes(typed) && name !== typed)
  return { start, candidates: matching.toSorted((a, b) => a.indexOf(typed) - b.indexOf(typed)) }
}

/** The sentence about the scenario of a record line; empty until it is one. */
export const scenarioSentence = (text: string): string =>
  SCENARIOS.find((scenario) => scenario.name === text.trim().split(/\s+/)[0])?.sentence ?? ''

/** `SCENARIO [FLAVOUR,…] [GEOMETRY,…]`, recorded by the command itself in a process of its own. */
export function submitRecord(m: Model, text: string): Model {
  const [scenario, flavours, geometries] = text.trim().split(/\s+/)
  if (!scenario) return m
  const args = ['record', scenario]
  if (flavours) args.push('--flavour', flavours)
  if (geometries) args.push('--geometry', geometries)
  return command(m, args, `recording ${scenario}`)
}

export function submitImport(m: Model, text: string): Model {
  const file = text.trim()
  if (file === '') return m
  return command(m, ['import', file], `importing ${file}`)
}

/** A verb of the command on this database, in a process of its own. */
const command = (m: Model, args: readonly string[], title: string): Model =>
  query(m, (data) => data.command(args), say, { title, use: 'write' })

export const RECORDING_COMMANDS = {
  'run.import': (m: Model) => ({ ...m, prompt: openPrompt('import') }),
  'run.record': (m: Model) => ({ ...m, prompt: openPrompt('record') }),
} as const
