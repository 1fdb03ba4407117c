import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import * as engine from '@pagetrail/engine'

/**
 * docs/kernel-map.md says which function of the kernel each function of the engine follows. Both sides must exist, and
 * what the engine exports must be told of: here, and in its own docstring.
 */
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const map = read('docs/kernel-map.md')
const [tables = '', free = ''] = map.split('## No function of the kernel')
const rows = [...tables.matchAll(/^\| `(\w+)` \| `([\w./-]+)` \| `(\w+)` \| ([^|]+) \|$/gm)].map(
  ([, name = '', file = '', kernel = '', flavours = '']) => ({ name, file, kernel, flavours }),
)
const kernelNames = read('test/fixtures/kernel-functions.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const flavourNames = new Set(engine.FLAVOURS.map(({ name }) => name))

const sources = new Map<string, string>()
function sourceOf(file: string): string {
  const known = sources.get(file) ?? read(`packages/engine/src/${file}`)
  sources.set(file, known)
  return known
}

/** The docstring in front of a declaration; null if there is no such declaration. */
function docOf(file: string, name: string): string | null {
  const text = sourceOf(file)
  const at = text.search(new RegExp(`^(export )?(const|function|class) ${name}\\b`, 'm'))
  if (at === -1) return null
  return /\/\*\*((?!\*\/)[\s\S])*\*\/\n$/.exec(text.slice(0, at))?.[0] ?? ''
}

/** Where index.ts takes an export from. */
const homes = new Map(
  [...sourceOf('index.ts').matchAll(/export \{([^}]*)\} from '\.\/([\w./-]+)'/g)].flatMap(
    ([, names = '', file = '']) => names.split(',').map((name) => [name.trim(), file] as const),
  ),
)
const publicFunctions = Object.entries(engine)
  .filter(([, value]) => typeof value === 'function' && !/^class\b/.test(String(value)))
  .map(([name]) => name)

test('there are rows, and every line of a table is one', () => {
  expect(rows.length).toBeGreaterThan(100)
  const lines = tables.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows).toHaveLength(lines.length)
})

test('every TypeScript name is declared where the map says', () => {
  expect(rows.filter(({ file, name }) => docOf(file, name) === null)).toEqual([])
})

test('every kernel name is one of the kernel’s, and all of those are followed', () => {
  const named = [...new Set(rows.map(({ kernel }) => kernel))]
  expect(named.toSorted()).toEqual(kernelNames.toSorted())
})

test('flavours are flavours, and no two rows say the same', () => {
  const stray = rows.filter(
    ({ flavours }) =>
      flavours !== 'all' && !flavours.split(', ').every((name) => flavourNames.has(name)),
  )
  expect(stray).toEqual([])
  expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length)
})

test('every call of a scenario that is the kernel’s is followed by something', () => {
  const followed = new Set(rows.map(({ kernel }) => kernel))
  const notTheKernels =
    /^(h7_(block_)?change|ptdump_walk|vmap_huge|lazy_(enter|leave|pause|resume)|walk_page_range_novma)$/
  const missing = engine.CALL_NAMES.filter((fn) => !followed.has(fn) && !notTheKernels.test(fn))
  expect(missing).toEqual([])
})

describe('what the engine exports', () => {
  const mapped = new Set(rows.map(({ name }) => name))
  const apart = new Set([...free.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))

  test('every function is in the map, or among those that follow none', () => {
    const untold = publicFunctions.filter((name) => mapped.has(name) === apart.has(name))
    expect(untold).toEqual([])
    expect([...apart].filter((name) => !publicFunctions.includes(name))).toEqual([])
  })

  test('every function has a docstring', () => {
    const bare = publicFunctions.filter((name) => !docOf(homes.get(name) ?? 'index.ts', name))
    expect(bare).toEqual([])
  })

  test('its docstring names the kernel’s function', () => {
    /** The form without the kernel's underscores, level or mode will do: `p?d_offset()`, `pXd_valid()`. */
    const silent = rows.filter(({ name, file, kernel }) => {
      if (!homes.has(name)) return false
      const doc = docOf(file, name) ?? ''
      const pattern = kernel.replace(/^_*(pgd|p4d|pud|pmd)_/, 'p?d_')
      return !doc.includes(kernel) && !doc.includes(pattern)
    })
    expect(silent).toEqual([])
  })
})
