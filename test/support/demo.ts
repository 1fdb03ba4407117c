import { join } from 'node:path'
import { expect } from 'vitest'
import { folder, pagetrail } from './cli.ts'

/** The demonstration's files. */
export const demoFile = (name: string): string =>
  join(import.meta.dirname, '..', '..', 'packages', 'tui', 'demo', name)

export const SCENARIO = demoFile('three-pages-then-half-a-block.json')
export const capture = (kernel: '6.17.13' | '6.18.15'): string =>
  demoFile(`modules_small-${kernel}.trace.gz`)

/** A database with the demonstration's scenario in these flavours. */
export async function recordDemo(flavours: string, more: readonly string[] = []): Promise<string> {
  const db = join(folder(), 'test.db')
  const args = ['record', SCENARIO, '--flavour', flavours, ...more, '--db', db]
  expect(await pagetrail(args)).toMatchObject({ status: 0 })
  return db
}
