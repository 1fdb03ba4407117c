import { execFileSync } from 'node:child_process'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** What an importer sees, by the name of its entry in `exports`. */
export const ENTRIES: Readonly<Record<string, string>> = {
  '.': 'packages/pagetrail/src/index',
  './engine': 'packages/engine/src/index',
  './import': 'packages/pagetrail/src/import',
  './export': 'packages/pagetrail/src/export',
  './check': 'packages/pagetrail/src/check',
}

/** Where the packages of the workspace begin, by the names that they call each other. */
const PACKAGES: Readonly<Record<string, string>> = {
  '@pagetrail/engine': 'packages/engine/src/index',
  '@pagetrail/recorder': 'packages/recorder/src/index',
}

/** The entries that are lists of what the recorder's barrel has. */
const OWN = 'packages/pagetrail/src/'
const BARREL = PACKAGES['@pagetrail/recorder']

const SPECIFIER = /(\bfrom |\bimport\()(['"])([^'"]+)\2/g

/**
 * The declarations that the entries need, by their path without `.d.ts`; they name each other relatively. What is
 * marked `@internal` is left out, and with it every type of a library below.
 */
export async function declared(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'pagetrail-types-'))
  try {
    const config = join(folder, 'tsconfig.json')
    const files = Object.values(ENTRIES).map((entry) => join(root, `${entry}.ts`))
    const emit = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      stripInternal: true,
    }
    // What is found below node_modules counts as somebody else's, and gets no declaration.
    const paths = Object.fromEntries(
      Object.entries(PACKAGES).map(([name, entry]) => [name, [join(root, `${entry}.ts`)]]),
    )
    const places = {
      paths,
      outDir: join(folder, 'out'),
      rootDir: root,
      typeRoots: [join(root, 'node_modules/@types')],
    }
    const text = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { ...emit, ...places },
      include: [],
      files,
    }
    await writeFile(config, JSON.stringify(text))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    return await reachable(join(folder, 'out'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function reachable(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const wanted = Object.values(ENTRIES)
  const own = wanted.filter((entry) => entry.startsWith(OWN))
  const lists = await Promise.all(
    own.map((entry) => readFile(join(folder, `${entry}.d.ts`), 'utf8')),
  )
  const published = new Set(lists.join(' ').match(/\w+/g))
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (found.has(file)) continue
    const whole = await readFile(join(folder, `${file}.d.ts`), 'utf8')
    const text = file === BARREL ? onlyNames(whole, published) : whole
    const from = file
    found.set(
      file,
      text.replace(SPECIFIER, (_, before: string, quote: string, specifier: string) => {
        const target = PACKAGES[specifier] ?? join(dirname(from), specifier).replace(/\.tsx?$/, '')
        if (PACKAGES[specifier] === undefined && !specifier.startsWith('.')) {
          throw new Error(
            `${from} is public and its declaration names ${specifier}; mark that @internal`,
          )
        }
        wanted.push(target)
        const path = relative(dirname(from), target)
        return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}.js${quote}`
      }),
    )
  }
  return found
}

/** A barrel without what is not among the names. */
const onlyNames = (text: string, names: ReadonlySet<string>): string =>
  text.replace(/^export (type )?\{([^}]*)\} from .*\n/gm, (line, _type, list: string) => {
    const kept = list.split(',').filter((name) => names.has(name.trim().replace(/^type /, '')))
    return kept.length === 0 ? '' : line.replace(list, ` ${kept.join(', ').trim()} `)
  })

/** Writes them below a folder, in the order of the tree that they came from. */
export async function declarations(root: string, folder: string): Promise<void> {
  for (const [file, text] of await declared(root)) {
    const path = join(folder, `${file}.d.ts`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}
