import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'

test('lists what comes along, by theme', async () => {
  const { status, out } = await pagetrail(['scenarios'])
  expect(status).toBe(0)
  expect(out).toMatch(/^partial-blocks\n {2}partial-block +One page of a 2M block/m)
  const json = jsonLines((await pagetrail(['scenarios', '--json'])).out)
  expect(json.length).toBe(out.split('\n').filter((line) => line.startsWith('  ')).length + 2)
})

test('prints one that can be recorded, as it is by its name', async () => {
  const root = folder()
  const db = join(root, 'test.db')
  const file = join(root, 'mine.json')
  writeFileSync(file, (await pagetrail(['scenarios', 'partial-block'])).out)
  const args = ['--flavour', '6.18', '--db', db]
  expect(await pagetrail(['record', 'partial-block', ...args])).toMatchObject({
    status: 0,
    err: '',
  })
  expect(await pagetrail(['record', file, ...args])).toMatchObject({ status: 0, err: '' })
  expect((await pagetrail(['diff', '-q', '--db', db])).out).toBe(
    'partial-block/4k-48/6.18 | partial-block/4k-48/6.18: identical\n',
  )
})

test('an unknown name is told the nearest: 2', async () => {
  const { status, err } = await pagetrail(['record', 'partial-blok'])
  expect(status).toBe(2)
  expect(err).toContain('did you mean partial-block?')
})
