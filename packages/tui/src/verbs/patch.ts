import { type Command, Option } from '@commander-js/extra-typings'
import {
  type Base,
  byQuestion,
  checkoutBase,
  compareTrees,
  escapeControls,
  InputError,
  isChanged,
  isUnknown,
  type NotRun,
  openRuns,
  patchAnswer,
  patchHtml,
  patchMarkdown,
  type PatchReport,
  type PatchScenario,
  patchText,
  SCENARIOS,
  TREE_GEOMETRY_NAMES,
  type TreeGeometry,
  type Workshop,
} from '@pagetrail/recorder'
import { existsSync } from 'node:fs'
import { Progress } from '../command/progress.ts'
import { findScenarios, type NamedScenario } from '../command/scenario-file.ts'
import type { Session, Status } from '../command/session.ts'
import { cacheOf, openWorkshop, treeGeometries, treeNames } from '../command/tree-workshop.ts'
import { CACHE, CROSS, TREE_GEOMETRY_LIST } from './arguments.ts'
import { searchFields } from './tree.ts'
import type { OptionsOf, Verb } from './verb.ts'

const FORMATS = ['text', 'markdown', 'html', 'json'] as const

const declared = (command: Command) =>
  command
    .argument('<dir>', "the patched kernel's source folder")
    .argument('[scenario...]', 'names or files (default: the whole library)')
    .option('--base <ref or dir>', 'a commit of the tree, or another folder')
    .addOption(TREE_GEOMETRY_LIST)
    .addOption(new Option('--format <format>', 'output').choices(FORMATS).default('text' as const))
    .addOption(CROSS)
    .addOption(CACHE)

type Options = OptionsOf<typeof declared>

export const patchVerb: Verb = {
  name: 'patch',
  group: 'Comparing and checking:',
  pages: true,
  summary: 'say what a patch to a kernel tree changes of what page tables see',
  more: `The base is on the left, the tree as it stands on the right. Every scenario that a tree can run, or those you name, is
recorded on both; each pair is compared as \`diff\` does, and both sides are checked. The base is a commit, unpacked into the
cache (default: HEAD, which shows uncommitted changes), or a folder; nothing is written into the tree or its .git. The
runs are not kept; the page says how to record a pair. Exit status: 0 nothing differs, 1 something does, 3 the same as
far as both sides show.`,
  examples: [
    ['patch ~/linux', 'what is not committed yet'],
    ['patch ~/linux --base v7.3 --format markdown > review.md', 'one page for a mail'],
    [
      'patch ~/linux --format html > review.html',
      'the same as one file, each scenario by question',
    ],
    [
      'patch ~/linux-patched --base ~/linux partial-block half-changed',
      'two folders, two scenarios',
    ],
  ],
  declare: (command, invoke) =>
    declared(command).action((dir, scenarios, options) =>
      invoke((session) => patch(session, dir, scenarios, options)),
    ),
}

async function patch(
  session: Session,
  dir: string,
  specs: readonly string[],
  options: Options,
): Promise<Status> {
  const named = (
    await Promise.all(
      (specs.length > 0 ? specs : SCENARIOS.map(({ name }) => name)).map(findScenarios),
    )
  ).flat()
  const { scenarios, notRun } = fitted(named, treeGeometries(options.geometry))
  const report = await session.interruptible(async (signal) => {
    const workshop = await openWorkshop(session, options, signal)
    const made = await compare(session, workshop, dir, options, scenarios, signal)
    return signal.aborted ? null : { ...made, notRun: [...notRun, ...made.notRun] }
  })
  if (report === null) return 130
  print(session, report, options)
  const answer = patchAnswer(report)
  return answer === 'same' ? 0 : answer === 'different' ? 1 : 3
}

async function compare(
  session: Session,
  workshop: Workshop,
  dir: string,
  options: Options,
  scenarios: readonly PatchScenario[],
  signal: AbortSignal,
): Promise<PatchReport> {
  const right = await workshop.openTree(dir)
  const { base } = options
  const isFolder = base !== undefined && existsSync(base)
  const found: Base = isFolder
    ? { dir: base, name: '' }
    : await checkoutBase(right, base ?? null, cacheOf(session, options), signal)
  const left = await workshop.openTree(found.dir)
  const [leftName = left.name, rightName = right.name] = treeNames([left.path, right.path])
  const runFile = await openRuns(':memory:', { mode: 'write' })
  session.atEnd(() => runFile.close())
  const progress = new Progress(session.io, 'comparing', 'scenarios')
  const report = await compareTrees(
    runFile,
    workshop,
    [
      { tree: left, called: isFolder ? leftName : found.name },
      { tree: right, called: isFolder ? rightName : right.name },
    ],
    scenarios,
    {
      created: session.io.now(),
      signal,
      onScenario: (done) => progress.update(done, done / scenarios.length),
    },
  )
  progress.end()
  return report
}

/** Each scenario with the geometries that were asked for; one that was made for another is not run, and said. */
function fitted(
  named: readonly NamedScenario[],
  geometries: readonly TreeGeometry[],
): { scenarios: PatchScenario[]; notRun: NotRun[] } {
  const scenarios: PatchScenario[] = []
  const notRun: NotRun[] = []
  for (const { name, json, geometry: own } of named) {
    const fits = geometries.filter(
      ({ choice }) =>
        own === undefined ||
        (own.page_shift === choice.page_shift && own.va_bits === choice.va_bits),
    )
    for (const geometry of fits) scenarios.push({ name, json, geometry })
    if (fits.length > 0 || own === undefined) continue
    const wanted = `${2 ** (own.page_shift - 10)}k-${own.va_bits}`
    const isKnown = TREE_GEOMETRY_NAMES.includes(wanted)
    notRun.push({
      name,
      why: isKnown ? `made for ${wanted}: --geometry ${wanted}` : `made for ${wanted}`,
    })
  }
  if (scenarios.length > 0) return { scenarios, notRun }
  throw new InputError(
    'none of these scenarios is made for a geometry that was asked for; see --geometry',
  )
}

function print(session: Session, report: PatchReport, options: Options): void {
  const { out } = session
  const page = { command: 'pagetrail' }
  if (session.json || options.format === 'json') {
    const lines = session.jsonLines({ left: sideOf(report.left), right: sideOf(report.right) })
    for (const result of report.results) lines.data('scenario', scenarioFields(result))
    for (const one of report.notRun) lines.data('not-run', { ...one })
    lines.end(patchAnswer(report) !== 'incomplete', {
      answer: patchAnswer(report),
      missed: [...report.missed],
      costs: { left: report.leftCosts, right: report.rightCosts },
    })
    return
  }
  if (options.format === 'html') {
    out.line(patchHtml(report, page).trimEnd())
    return
  }
  const text = options.format === 'markdown' ? patchMarkdown(report, page) : patchText(report, page)
  out.lines(text.map(escapeControls))
}

const sideOf = ({ path, version, describe, called }: PatchReport['left']) => ({
  path,
  version,
  describe,
  called,
})

function scenarioFields(result: PatchReport['results'][number]) {
  const { name, geometry, diff, added, gone, undecided, incomplete, searches } = result
  return {
    name,
    geometry,
    verdict: diff.verdict,
    changed: isChanged(result),
    ...byQuestion(result),
    complete: !isUnknown(result),
    events: [diff.left.events, diff.right.events],
    added: added.map(findingFields),
    gone: gone.map(findingFields),
    undecided: [...undecided],
    incomplete: [...incomplete],
    schedules: searches && {
      left: searchFields(searches.left),
      right: searchFields(searches.right),
    },
  }
}

const findingFields = ({
  rule,
  hazard,
  severity,
  op,
  message,
}: PatchReport['results'][number]['added'][number]) => ({
  rule,
  hazard,
  severity,
  op,
  message,
})
