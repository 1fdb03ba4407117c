import { CALL_NAMES, DEFAULT_FEATURES, FLAVOURS, PROGRAM_ACTIONS } from '@pagetrail/engine'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { findScenarios } from '../../../packages/tui/src/command/scenario-file.ts'
import { folder } from '../../support/cli.ts'

const file = (name: string, text: string | Uint8Array) => {
  const path = join(folder(), name)
  writeFileSync(path, text)
  return path
}
const nameOf = async (path: string) => (await findScenarios(path)).map(({ name }) => name)

test('docs/scenarios.md names every call, feature and flavour', () => {
  const text = readFileSync(new URL('../../../docs/scenarios.md', import.meta.url), 'utf8')
  const names = [
    ...CALL_NAMES,
    ...PROGRAM_ACTIONS,
    ...Object.keys(DEFAULT_FEATURES),
    ...FLAVOURS.map((f) => f.name),
  ]
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
})

test('a scenario is named by its name, its id, or its file', async () => {
  expect(await nameOf(file('a.json', '{"name":"mine","calls":[]}'))).toEqual(['mine'])
  expect(await nameOf(file('a.json', '{"id":"ro/4k-48/6.18","calls":[]}'))).toEqual(['ro'])
  expect(await nameOf(file('a.jsonl.gz', gzipSync('{"calls":[]}\n{"id":"b"}\n')))).toEqual([
    'a',
    'b',
  ])
  expect(await nameOf('partial-block')).toEqual(['partial-block'])
})

test.each([
  ['', 'is empty'],
  ['{"calls": [', /a\.json is not JSON: /],
  ['{}\n{', /a\.json:2 is not JSON: /],
])('%j is refused with its place', async (text, message) => {
  const path = join(folder(), 'a.json')
  writeFileSync(path, text)
  await expect(findScenarios(path)).rejects.toThrow(message)
})
