import { dirname, join } from 'node:path'
import { ENTRIES } from './declarations.ts'

/** Declarations by path without `.d.ts`, as declarations.ts has them. */
type Files = ReadonlyMap<string, string>

/** Begins a section of src/index.ts whose declarations are promised. */
const STABLE = /^\/\/ --- Stable core[\s\S]*?(?=^\/\/ ---)/gm

/**
 * What an importer can name, by entry. Of the stable core, which sections of `index` (the text of src/index.ts) list,
 * with its declaration, comments left out.
 */
export function surface(files: Files, index: string): string {
  const stable = new Set((index.match(STABLE) ?? []).flatMap((text) => text.match(/\w+/g) ?? []))
  const entries = Object.entries(ENTRIES).map(([entry, file]) => {
    const names = [...exportsOf(files.get(file) ?? '')].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const texts = names.map(([name, from]) => {
      const text = declarationOf(files, join(dirname(file), from), name)
      return entry === '.' && stable.has(name) ? text : text.split(/[^\w ]/)[0]!.trimEnd()
    })
    return `## ${join('pagetrail', entry)}\n\n\`\`\`ts\n${texts.join('\n')}\n\`\`\`\n`
  })
  return entries.join('\n')
}

/** The names that a barrel hands on, and from where. */
function* exportsOf(text: string): Generator<[name: string, from: string]> {
  for (const [, list = '', from = ''] of text.matchAll(
    /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm,
  )) {
    for (const name of list.split(',')) {
      // The last one may have a comma behind it.
      if (name.trim() !== '') yield [name.trim().replace(/^type /, ''), from.replace(/\.js$/, '')]
    }
  }
}

/** Follows barrels to where the name is declared; overloads are several declarations. */
function declarationOf(files: Files, file: string, name: string): string {
  const text = files.get(file)
  if (text === undefined)
    throw new Error(`${name} is exported from ${file}, which has no declaration`)
  const onward = [...exportsOf(text)].find(([exported]) => exported === name)
  if (onward) return declarationOf(files, join(dirname(file), onward[1]), name)
  const bare = text.replace(/^ *\/\*[\s\S]*?\*\/\n/gm, '')
  const wanted = new RegExp(
    `^export (declare )?(abstract )?(function|class|interface|type|const) ${name}\\b`,
  )
  const found = bare
    .split(/^(?=export |declare |import |type |interface )/m)
    .filter((part) => wanted.test(part))
  if (found.length === 0)
    throw new Error(`${file} exports ${name}, which is declared in no form known here`)
  return found.map((part) => part.replace(/^export (declare )?/, '').trimEnd()).join('\n')
}
