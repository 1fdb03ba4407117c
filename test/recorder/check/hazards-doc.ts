import { RULES, SCENARIOS } from '@pagetrail/recorder'
import { BY_HAND, HAZARDS, RULE_CASES, type HazardDoc } from './hazards.ts'
import { FLAVOURS, type FlavourName, type Library } from './library.ts'
import mutants from './mutants.json' with { type: 'json' }

/** Results, then the rules that fired: notes in italics, those of other hazards after a semicolon. */
function cell(library: Library, scenario: string, flavour: FlavourName, hazard: string): string {
  const names = new Map<string, boolean>()
  for (const { rule, severity, hazard: of } of library.findings(scenario, flavour)) {
    const name = severity === 'note' ? `*${rule}*` : rule
    if (of === hazard || severity !== 'note')
      names.set(name, of === hazard || names.get(name) === true)
  }
  const list = (mine: boolean) => [...names].flatMap(([name, own]) => (own === mine ? [name] : []))
  const [own, others] = [list(true), list(false)]
  const also = others.length > 0 ? `; also ${others.join(', ')}` : ''
  return `${library.results(scenario, flavour)}: ${own.length > 0 ? own.join(', ') : '–'}${also}`
}

function section(library: Library, { id, title, text, scenarios, besides }: HazardDoc): string[] {
  const lines = [`## ${id} ${title}`, '', text, '']
  for (const rule of RULES.filter((rule) => rule.hazard === id)) {
    lines.push(`- \`${rule.name}\`: ${rule.sentence}`)
  }
  if (RULES.some((rule) => rule.hazard === id)) lines.push('')
  if (scenarios.length > 0) {
    lines.push(`| scenario | ${FLAVOURS.join(' | ')} |`, `|---|${'---|'.repeat(FLAVOURS.length)}`)
    for (const name of scenarios) {
      const sentence = SCENARIOS.find((scenario) => scenario.name === name)?.sentence ?? ''
      const cells = FLAVOURS.map((flavour) => cell(library, name, flavour, id))
      lines.push(`| \`${name}\`: ${sentence} | ${cells.join(' | ')} |`)
    }
    lines.push('')
  }
  if (besides !== undefined) lines.push(besides, '')
  return lines
}

/** Of the scenarios of each hazard, in how many its rules fired as an error or a warning. */
function summary(library: Library): string[] {
  const lines = [
    '## In short',
    '',
    'Of the scenarios of each hazard, in how many something breaks on each version; near misses are among them, so that no',
    'version is meant to come to all of them.',
    '',
    `| hazard | scenarios | ${FLAVOURS.join(' | ')} |`,
    `|---|--:|${'--:|'.repeat(FLAVOURS.length)}`,
  ]
  for (const { id, title, scenarios } of HAZARDS.filter(({ scenarios: some }) => some.length > 0)) {
    const breaks = (flavour: FlavourName): number =>
      scenarios.filter((name) =>
        library
          .findings(name, flavour)
          .some(({ hazard, severity }) => hazard === id && severity !== 'note'),
      ).length
    const cells = FLAVOURS.map((flavour) => `${breaks(flavour) || '–'}`)
    lines.push(`| ${id} ${title} | ${scenarios.length} | ${cells.join(' | ')} |`)
  }
  return [
    ...lines,
    '',
    'What moved: splitting (6.18, 7.3 with BBML2 or BBML3) ends refused and half-changed blocks and torn spans, and brings the',
    'split mutex into contexts that may not sleep. The page walk ends the tables that apply_to_page_range() filled into holes,',
    'and skips the holes with success. 7.3 ends skipped invalid blocks and changes only the aliases that were asked for.',
    '',
  ]
}

function ruleTable(): string[] {
  const lines = [
    '## Every rule, firing and not',
    '',
    '| rule | fires on | does not on |',
    '|---|---|---|',
  ]
  for (const { name } of RULES) {
    const shown = RULE_CASES[name]
    const pair =
      shown && [shown.fires, shown.near].map(([scenario, flavour]) => `\`${scenario}\`, ${flavour}`)
    lines.push(
      `| \`${name}\` | ${pair ? pair.join(' | ') : 'events written by hand | a near miss beside them'} |`,
    )
  }
  return [...lines, '']
}

/** What `bench/mutate.ts` has found, by kind of fault. */
function faultTable(): string[] {
  const { table, places, bases } = mutants
  const sum = (of: 'tried' | 'found' | 'undecided' | 'missed') =>
    table.reduce((total, row) => total + row[of], 0)
  return [
    '## Faults put into sound runs',
    '',
    `Each kind of fault was put into ${bases} sound runs, six of the engine and four captures of real kernels, at up to`,
    `${places} places of each (\`node bench/mutate.ts --write\`): ${sum('tried')} runs with one fault each.`,
    'Without a fault these runs have no error and no warning.',
    '',
    '| fault | found by | tried | found | undecided | missed |',
    '|---|---|--:|--:|--:|--:|',
    ...table.map(
      ({ fault, rules, tried, found, undecided, missed }) =>
        `| ${fault} | ${rules.map((rule) => `\`${rule}\``).join(', ')} | ${tried} | ${found} | ${undecided} | ${missed} |`,
    ),
    `| all | | ${sum('tried')} | ${sum('found')} | ${sum('undecided')} | ${sum('missed')} |`,
    '',
    'Undecided: where the return of a call is not in the run, what the call promises is not judged; where a capture shows no',
    'callback of a page walk, there may be no table.',
    '',
    'No fault, and not reported: a barrier of a setter left out where the call flushes, a TLBI that a later dsb ish of the call',
    'completes, no flush of what is restored unchanged, no flush of a page where a purge of everything follows in the call.',
    '',
  ]
}

/** docs/hazards.md, from the recorded library. */
export function hazardsDoc(library: Library): string {
  const clean = SCENARIOS.filter(({ group }) => group === 'clean').map(({ name }) => `\`${name}\``)
  const lines = [
    '# Hazards, and which version runs into them',
    '',
    'Made by `test/recorder/check/hazard-docs.test.ts` from runs of the scenario library; do not edit.',
    '',
    'Each cell has what the calls returned and the rules of `pagetrail check` that fired. Notes, which break nothing,',
    'are in italics. `unsupported`: the version has no such call. `stopped`: the call did not return.',
    'Try one: `pagetrail record partial-block --flavour 6.17,7.3`, then `pagetrail check -1`.',
    '',
    ...summary(library),
    ...HAZARDS.flatMap((hazard) => section(library, hazard)),
    ...ruleTable(),
    ...faultTable(),
    '## Nothing to find',
    '',
    `No rule fires, not even a note, on any version of ${clean.join(', ')}.`,
    `Of ${RULES.length} rules, ${BY_HAND.length} cannot be broken by the modelled kernels: modules may.`,
    '',
  ]
  return lines.join('\n')
}
