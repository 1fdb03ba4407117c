import type { Command } from '@commander-js/extra-typings'
import {
  type BuiltTree,
  escapeControls,
  KIND_NAMES,
  raceEnds,
  searchOnTree,
  type TreeSearch,
  many,
} from '@pagetrail/recorder'
import { findScenarios } from '../command/scenario-file.ts'
import type { Session, Status } from '../command/session.ts'
import { openWorkshop, treeGeometries } from '../command/tree-workshop.ts'
import { CACHE, CROSS, parseCount, parseList, TREE_GEOMETRY_LIST } from './arguments.ts'
import type { OptionsOf, Verb } from './verb.ts'

const declared = (command: Command) =>
  command
    .argument('<dir>', "a kernel's source folder")
    .addOption(TREE_GEOMETRY_LIST)
    .option(
      '--explore <list>',
      'run schedules of these scenarios with several CPUs: all with one preemption, and some at random',
      parseList,
    )
    .option(
      '--preemptions <n>',
      'with --explore: all schedules with at most that many',
      parseCount,
      1,
    )
    .option('--random <n>', 'with --explore: how many random ones', parseCount, 200)
    .option('--seed <n>', 'with --explore: seed of the random ones', parseCount, 1)
    .option('--bound <n>', 'with --explore: at most that many schedules', parseCount, 20_000)
    .addOption(CROSS)
    .addOption(CACHE)

type Options = OptionsOf<typeof declared>

export const treeVerb: Verb = {
  name: 'tree',
  group: 'Getting runs:',
  pages: true,
  summary: 'build the page-table code of a kernel tree, and say what its runs show',
  more: `Compiles pageattr.c, mmu.c, fixmap.c, pagewalk.c, memory.c and pgtable-generic.c of the tree, whole files with the tree's own
headers and configuration, into a program for user space in which every observable thing is reported. Nothing is written
into the tree. \`record --tree\`, \`conform --tree\` and \`patch\` build it themselves. The first build takes half a minute per
geometry, later ones a few seconds. --explore looks for schedules of several CPUs that end as no serial order of them does:
lost updates. Exit status: 1 if there is one, 3 if a part of the tree that should be hooked was not found, or not everything ran.`,
  examples: [
    ['tree ~/linux', 'Linux 6.12 or newer, not built in place'],
    ['tree ~/linux --geometry 4k-48,64k-42', 'two configurations'],
    ['tree ~/linux --explore two-in-one-block', 'two CPUs that split the same block'],
  ],
  declare: (command, invoke) =>
    declared(command).action((dir, options) =>
      invoke((session) => showTree(session, dir, options)),
    ),
}

async function showTree(session: Session, dir: string, options: Options): Promise<Status> {
  const geometries = treeGeometries(options.geometry)
  const lines = session.json ? session.jsonLines() : null
  let isWhole = true
  let isRacy = false
  await session.interruptible(async (signal) => {
    const workshop = await openWorkshop(session, options, signal)
    const tree = await workshop.openTree(dir)
    for (const geometry of geometries) {
      const began = session.io.now()
      const built = await workshop.build(tree, geometry)
      isWhole &&= built.missed.length === 0
      const seconds = ((session.io.now() - began) / 1000).toFixed(1)
      if (lines) lines.data('tree', fieldsOf(built, workshop.compiler))
      else session.out.lines(treeLines(built, workshop.compiler, seconds).map(escapeControls))
      const scenarios = (await Promise.all((options.explore ?? []).map(findScenarios))).flat()
      for (const { name, json } of scenarios) {
        const search = await searchOnTree(workshop.harness(built), built, json, {
          ...options,
          runs: options.bound,
        })
        isRacy ||= raceEnds(search).length > 0
        isWhole &&= search.isComplete
        if (lines) lines.data('search', { scenario: name, ...searchFields(search) })
        else session.out.lines(searchLines(name, search, dir).map(escapeControls))
      }
      await session.out.flush()
    }
  })
  lines?.end(isWhole)
  if (isRacy) return 1
  return isWhole ? 0 : 3
}

const fieldsOf = (
  { tree, geometry, shows, missed, stubs, digests, program }: BuiltTree,
  compiler: string,
) => ({
  path: tree.path,
  version: tree.version,
  describe: tree.describe,
  geometry: geometry.name,
  compiler,
  program,
  shows: [...shows],
  missed: [...missed],
  stubs: [...stubs],
  files: { ...digests.files },
  config: digests.config,
})

function treeLines(built: BuiltTree, compiler: string, seconds: string): string[] {
  const { tree, geometry, shows, missed, stubs, digests } = built
  const shown = new Set(shows)
  const hidden = KIND_NAMES.filter((kind) => !shown.has(kind))
  const describe = tree.describe === null ? '' : ` (${tree.describe})`
  return [
    `${tree.name}: Linux ${tree.version}${describe}, ${geometry.name}`,
    `  built in ${seconds} s from ${many(Object.keys(digests.files).length, 'file')} by ${compiler}`,
    ...wrapped('shows', shows),
    ...wrapped('does not show', hidden),
    ...missed.map((what) => `  not found in this tree, so its events are not shown: ${what}`),
    ...(stubs.length > 0
      ? wrapped(
          'a call ends where it reaches',
          stubs.map((name) => `${name}()`),
        )
      : []),
  ]
}

export const searchFields = ({ runs, random, isComplete, ends }: TreeSearch) => ({
  runs,
  random,
  complete: isComplete,
  ends: ends.map((end) => ({ ...end })),
})

function searchLines(name: string, search: TreeSearch, dir: string): string[] {
  const { runs, random, isComplete, ends } = search
  const all = `${many(runs, 'schedule')}${isComplete ? '' : ' (not all)'} and ${random} random`
  const races = raceEnds(search)
  return [
    `  ${name}: ${all}; ${many(ends.length, 'end')}, ${races.length} of which no serial order of the CPUs has`,
    ...races.map(({ runs: count, isDeadlocked, schedule }) => {
      const what = isDeadlocked ? 'deadlock in' : 'so end'
      return `    ${what} ${count}: pagetrail record ${name} --tree ${dir} --schedule ${schedule}`
    }),
  ]
}

const WIDTH = 116

/** A list behind its name, on as many lines as it takes. */
function wrapped(name: string, items: readonly string[]): string[] {
  const lines: string[] = []
  let line = `  ${name}:`
  for (const [i, item] of items.entries()) {
    const word = ` ${item}${i < items.length - 1 ? ',' : ''}`
    if (line.length + word.length > WIDTH) {
      lines.push(line)
      line = '   '
    }
    line += word
  }
  return [...lines, line]
}
