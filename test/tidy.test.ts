import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * The rules of the house that a program can check and the linter does not: who may import whom (ARCHITECTURE.md holds
 * the table), what the lower packages must not know, names, and where tests stand.
 */
const root = `${import.meta.dirname}/../`
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trimEnd()
  .split('\n')
  .filter((path) => existsSync(`${root}${path}`))

const isCode = (path: string) => /\.(ts|tsx|js)$/.test(path) && !path.startsWith('test/fixtures/')
const code = files.filter(isCode)
const source = code.filter((path) => /^packages\/\w+\/src\//.test(path))
const tests = code.filter((path) => /\.test\.tsx?$/.test(path))

/** The text with comments blanked, lines kept. Strings that look like comments are rare enough to be renamed. */
const withoutComments = (text: string) =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '')

/** `path:line: text` of each line that matches. */
const hits = (paths: readonly string[], pattern: RegExp, strip = true) =>
  paths.flatMap((path) =>
    (strip ? withoutComments(read(path)) : read(path))
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )

/** Words that this file must not contain in one piece, or it would find itself: `|` marks the cut. */
const oneOf = (...words: readonly string[]) =>
  new RegExp(words.map((word) => word.replace('|', '')).join('|'))

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g

const importsOf = (path: string): string[] =>
  [...withoutComments(read(path)).matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? '')

/** `node:*` allows everything that begins so; other names allow themselves. */
const isAllowed = (name: string, allowed: string) =>
  allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed

const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]!)

/** Rows `| \`name\` | … |` of the table under a heading of ARCHITECTURE.md, as the cells of each. */
const tableOf = (heading: string): string[][] =>
  read('ARCHITECTURE.md')
    .split(`## ${heading}\n`)[1]!
    .split(/^## /m)[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1))

/** `recorder/store` of `packages/recorder/src/store/trace.ts`; null for files that stand in no room. */
const roomOf = (path: string): string | null => {
  const [, name, room] = /^packages\/(\w+)\/src\/(\w+)\//.exec(path) ?? []
  return room === undefined ? null : `${name}/${room}`
}

/** What a file imports, as the table names it: a room of its own package, a package, or a path. */
const importedBy = (path: string): string[] => {
  const home = /^packages\/(\w+)\/src\//.exec(path)!
  return importsOf(path)
    .map((name) => (name.startsWith('.') ? posix.join(posix.dirname(path), name) : name))
    .filter((name) => !name.startsWith(home[0]) || roomOf(name) !== roomOf(path))
    .map((name) => (name.startsWith(home[0]) ? (roomOf(name)?.split('/')[1] ?? name) : name))
}

/** The steps by which a search came to a file, each with the one before it. */
function wayTo(way: ReadonlyMap<string, string | null>, last: string): string[] {
  const steps: string[] = []
  for (let at: string | null = last; at !== null; at = way.get(at) ?? null) steps.unshift(at)
  return steps
}

describe('imports', () => {
  const rows = tableOf('Who may import whom').map(([globs = '', allowed = '']) => ({
    globs: names(globs),
    allowed: names(allowed),
  }))

  /** The row that speaks of a file: the last one that matches. */
  const rowOf = (path: string) =>
    rows.findLast(({ globs }) => globs.some((glob) => posix.matchesGlob(path, glob)))

  test('every file imports what its row in ARCHITECTURE.md allows', () => {
    const foreign = source.flatMap((path) => {
      const row = rowOf(path)
      if (!row) return [`${path} is in no row of ARCHITECTURE.md`]
      return importedBy(path)
        .filter((name) => !row.allowed.some((a) => isAllowed(name, a)))
        .map((name) => `${path} imports ${name}`)
    })
    expect(foreign).toEqual([])
  })

  test('the table speaks of files that exist', () => {
    const idle = rows
      .flatMap((r) => r.globs)
      .filter((g) => !code.some((p) => posix.matchesGlob(p, g)))
    expect(idle).toEqual([])
  })

  test('no file imports itself by way of others, `import type` included', () => {
    const local = new Map(
      source.map((path) => [
        path,
        importsOf(path).map((name) => posix.join(posix.dirname(path), name)),
      ]),
    )
    /** Files from which a file can be reached; a path that leads back to its beginning is a circle. */
    const circleFrom = (start: string): string[] | null => {
      const way = new Map<string, string | null>([[start, null]])
      for (const [at] of way) {
        for (const next of local.get(at) ?? []) {
          if (next === start) return wayTo(way, at)
          if (!way.has(next)) way.set(next, at)
        }
      }
      return null
    }
    const circles = source.map(circleFrom).filter((circle) => circle !== null)
    const shortest = circles.toSorted((a, b) => a.length - b.length).slice(0, 3)
    expect(shortest.map((circle) => circle.join(' -> '))).toEqual([])
  })

  test('only index.ts of a package, and the entries of the published one, hand on what others export', () => {
    const barrels = source.filter(
      (path) => !/^packages\/(\w+\/src\/index|pagetrail\/src\/\w+)\.ts$/.test(path),
    )
    expect(hits(barrels, /^\s*export\s+(type\s+)?\{.*\}\s+from\s/)).toEqual([])
    expect(hits(code, /^\s*export \*/)).toEqual([])
  })
})

describe('what the lower packages do not know', () => {
  const engine = source.filter((path) => path.startsWith('packages/engine/'))
  const recorder = source.filter((path) => path.startsWith('packages/recorder/'))

  test('the engine: no I/O, no clock, no chance', () => {
    const world =
      /['"]node:|\bprocess\.|\bDate\b|\bperformance\b|Math\.random|\bcrypto\b|setTimeout/
    expect(hits(engine, world)).toEqual([])
  })

  test('the recorder: no clock, no environment, no chance', () => {
    const world = /\bprocess\.env|\bDate\.now|new Date\(\)|\bperformance\.|Math\.random|randomUUID/
    expect(hits(recorder, world)).toEqual([])
  })
})

/** Files side by side that a reader still takes in. */
const CROWD = 25

describe('rooms', () => {
  const standing = new Set(source.map(roomOf))

  test('each room has its sentence in ARCHITECTURE.md', () => {
    const described = tableOf('The rooms').map(([room = '']) => names(room)[0]!)
    const rooms = [...standing].filter((room) => room !== null)
    expect(described.toSorted()).toEqual(rooms.toSorted())
  })

  test('every file that ARCHITECTURE.md names is there', () => {
    const named = names(read('ARCHITECTURE.md')).filter((name) =>
      /^[\w/.-]+\.(ts|tsx|md)$/.test(name),
    )
    expect(named.length).toBeGreaterThan(30)
    const gone = named.filter((name) => {
      const [, home, rest] = /^(engine|recorder|tui)\/(.*)$/.exec(name) ?? []
      const path = home === undefined ? name : `${home}/src/${rest}`
      return !files.some((file) => file === path || file.endsWith(`/${path}`))
    })
    expect(gone).toEqual([])
  })

  test('files stand in rooms', () => {
    const loose = source.filter((path) => roomOf(path) === null)
    const published = ['check', 'export', 'import', 'index'].map(
      (name) => `packages/pagetrail/src/${name}.ts`,
    )
    const entries = ['packages/engine/src/index.ts', 'packages/recorder/src/index.ts']
    expect(loose.toSorted()).toEqual(
      [...entries, ...published, 'packages/tui/src/main.ts'].toSorted(),
    )
  })

  test('no folder has too many files side by side, 30 where they are siblings of one kind', () => {
    const siblings = /\/(kernel|verbs|rules|traces|litmus)$/
    const crowds = files.filter((path) => source.includes(path) || path.startsWith('test/'))
    const count = Map.groupBy(crowds, posix.dirname)
    const crowded = [...count]
      .filter(([folder, { length }]) => length > (siblings.test(folder) ? 30 : CROWD))
      .map(([folder, { length }]) => `${folder}: ${length}`)
    expect(crowded).toEqual([])
  })
})

describe('names and sizes', () => {
  test('files are named for what they do', () => {
    const vague = /(^|[/.-])(utils?|helpers?|managers?|common|misc|stuff)([/.-]|$)/i
    expect(files.filter((path) => vague.test(path))).toEqual([])
    expect(source.filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([])
  })

  test('in the engine and the recorder a name of a file stands for one thing', () => {
    // The ready queries stand twice by design: for the database, and for a folder of files.
    const named = source.filter((path) => /^packages\/(engine|recorder)\/src\/.+\//.test(path))
    const files = named.filter((path) => !path.includes('/sql/lake/'))
    const twice = [...Map.groupBy(files, (path) => posix.basename(path))]
      .filter(([, paths]) => paths.length > 1)
      .map(([, paths]) => paths.join(' and '))
    expect(twice).toEqual([])
  })

  test('what is exported has one meaning in the engine and the recorder, and one in the command', () => {
    /** The ready queries stand twice by design, and a scenario's call is not yet one of a run. */
    const both = new Set(['kinds', 'COMPARE', 'Call'])
    const DECLARED =
      /^export (?:async )?(?:abstract )?(?:const|class|interface|type|function\*?) (\w+)/gm
    for (const home of [/^packages\/(?:engine|recorder)\//, /^packages\/tui\//]) {
      const declared = source
        .filter((path) => home.test(path))
        .flatMap((path) => {
          const names = [...read(path).matchAll(DECLARED)].map(([, name]) => name!)
          return [...new Set(names)].map((name) => ({ name, path }))
        })
      const twice = [...Map.groupBy(declared, ({ name }) => name)]
        .filter(([name, places]) => places.length > 1 && !both.has(name))
        .map(([name, places]) => `${name}: ${places.map(({ path }) => path).join(', ')}`)
      expect(declared.length).toBeGreaterThan(300)
      expect(twice).toEqual([])
    }
  })

  test('no file is longer than 400 lines', () => {
    const long = [...source, ...files.filter((p) => p.startsWith('migrations/'))]
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400)
    expect(long).toEqual([])
  })

  test('a path is not taken from a URL, which escapes blanks', () => {
    expect(hits(code, /\.path(?=name\b)/)).toEqual([])
  })

  test('lines end at 120 columns', () => {
    // Shell inside template strings and long messages are let through by the formatter; comments by nobody.
    expect(hits(code, /^(?=\s*(\/\/|\* |\/\*)).{121,}/, false)).toEqual([])
  })
})

describe('nothing is silenced', () => {
  test('no cast through unknown, no suppressed check', () => {
    expect(hits(code, oneOf('as unknown |as'))).toEqual([])
    expect(hits(code, oneOf('@ts-|ignore', '@ts-|nocheck'), false)).toEqual([])
  })

  test('no error is dropped', () => {
    expect(hits(source, /catch\s*(\([^)]*\))?\s*\{\s*\}/)).toEqual([])
  })

  test('nothing is left for later', () => {
    expect(hits(code, oneOf('TO|DO', 'FIX|ME', 'X|XX\\b'), false)).toEqual([])
  })

  test('no test is skipped, but where a program is missing that a machine may lack', () => {
    expect(hits(tests, /\b(test|it|describe)\.(skip|only|todo|skipIf)\b/)).toEqual([])
    expect(hits(tests, /\.runIf\((?!has(Tmux|Programs|Tree)\()/)).toEqual([])
  })
})

describe('what is committed', () => {
  test('names no path of one machine', () => {
    const machine = oneOf('/wo|rk/', '\\.\\./sha|red', '/ho|me/', '/ro|ot/')
    const text = files.filter(
      (path) => !/\.(gz|dat|db|png|parquet)$/.test(path) && path !== 'pnpm-lock.yaml',
    )
    expect(hits(text, machine, false)).toEqual([])
  })

  test('CHANGELOG.md knows the version of the database', () => {
    const migrations = files.filter((path) => /^migrations\/\d{4}-/.test(path)).length
    expect(read('CHANGELOG.md')).toContain(`Database ${migrations}, `)
  })

  test('tests stand where their source stands', () => {
    const astray = tests.filter((path) => {
      const mirrored = /^test\/(engine|recorder|tui)\/((.*)\/)?([^/]*)\.test\.tsx?$/.exec(path)
      if (!mirrored) return false
      const [, name, , folder, base] = mirrored
      // Folders may be left out, names may not; what is of a whole folder stands in one of its name.
      const wanted = new RegExp(`^packages/${name}/src/(.*/)?${base}\\.tsx?$`)
      const home = `packages/${name}/src/${folder}/`
      return !source.some((file) => wanted.test(file) || file.startsWith(home))
    })
    expect(astray).toEqual([])
  })
})
