import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { declared } from '../packages/pagetrail/declarations.ts'
import { surface } from '../packages/pagetrail/surface.ts'

const root = join(import.meta.dirname, '..')
const REPORT = join(root, 'docs', 'api-surface.md')
const CHANGELOG = join(root, 'CHANGELOG.md')
const INDEX = join(root, 'packages', 'pagetrail', 'src', 'index.ts')
const HEAD = `# The public surface

Made by test/api-surface.test.ts from the declarations of the package. A change of it needs a line in CHANGELOG.md that ends
in its digest; \`npm run docs:api\` writes both, and the line then wants words.

`

/** `name` of `function name(…)`, with the text of all its declarations. */
const declarationsIn = (report: string): Map<string, string> => {
  const parts = report.split(/^(?=(?:abstract )?(?:function|class|interface|type|const) )/m)
  const byName = Map.groupBy(
    parts.slice(1),
    (part) => /^(?:abstract )?\w+ (\w+)/.exec(part)?.[1] ?? '',
  )
  return new Map(
    [...byName].map(([name, texts]) => [name, texts.join('').replace(/```[\s\S]*/, '')]),
  )
}

/** CHANGELOG.md with a line for this surface: the one it has, or a new one under the newest `### The library`. */
function withLine(changelog: string, before: string, after: string): string {
  const mark = `(api ${createHash('sha256').update(after).digest('hex').slice(0, 8)})`
  if (changelog.includes(mark)) return changelog
  const [old, now] = [declarationsIn(before), declarationsIn(after)]
  const parts = [
    ['added', [...now.keys()].filter((name) => !old.has(name))],
    ['changed', [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name))],
    ['removed', [...old.keys()].filter((name) => !now.has(name))],
  ] as const
  const what = parts
    .filter(([, names]) => names.length > 0)
    .map(([did, names]) => `${did} ${names.join(', ')}`)
  return changelog.replace(
    /^### The library\n\n/m,
    (heading) => `${heading}- The library: ${what.join('; ')} ${mark}.\n`,
  )
}

test('docs/api-surface.md is what the package declares, and CHANGELOG.md has a line for it', async () => {
  const report = HEAD + surface(await declared(root), readFileSync(INDEX, 'utf8'))
  const changelog = readFileSync(CHANGELOG, 'utf8')
  const line = withLine(changelog, readFileSync(REPORT, 'utf8'), report)
  await expect(line).toMatchFileSnapshot(CHANGELOG)
  await expect(report).toMatchFileSnapshot(REPORT)
})

test('a changed declaration asks for a line; a line with its digest is enough', () => {
  const before = '## pagetrail\n\n```ts\nfunction f(a: number): void;\nconst gone: 1;\n```\n'
  const after = '## pagetrail\n\n```ts\nfunction f(a: string): void;\ninterface New {\n}\n```\n'
  const asked = withLine('# Changes\n\n## 0.2\n\n### The library\n\n- Old.\n', before, after)
  expect(asked).toMatch(
    /^### The library\n\n- The library: added New; changed f; removed gone \(api [0-9a-f]{8}\)\.\n- Old/m,
  )
  expect(withLine(asked, before, after)).toBe(asked)
  expect(withLine(asked, after, before)).not.toBe(asked)
})
