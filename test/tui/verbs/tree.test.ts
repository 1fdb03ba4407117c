import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { BUILD_CACHE, hasTree, treeFolder } from '../../support/kernel/kernel-trees.ts'

const MINUTES = 60_000

describe('refused, with the reason', () => {
  test('--tree beside what it takes the place of', async () => {
    const { status, err } = await pagetrail([
      'record',
      'clean-ro',
      '--tree',
      '.',
      '--flavour',
      '7.3',
    ])
    expect(status).toBe(2)
    expect(err).toContain('leave out --flavour and --module')
  })

  test('a geometry that no tree is run with', async () => {
    const { status, err } = await pagetrail(['tree', '.', '--geometry', '4k-52'])
    expect(status).toBe(2)
    expect(err).toContain('it is one of 4k-48, 4k-39, 16k-47, 64k-42')
  })
})

describe.runIf(hasTree())('on a kernel tree', () => {
  const dir = treeFolder() ?? ''
  const cache = ['--cache', BUILD_CACHE]
  const record = (db: string, ...more: string[]) =>
    pagetrail(['--db', db, 'record', ...more, '--tree', dir, ...cache])

  test(
    'refused: a folder that is not a tree, a scenario of the engine alone',
    async () => {
      const db = join(folder(), 'a.db')
      const none = await pagetrail(['--db', db, 'record', 'clean-ro', '--tree', folder(), ...cache])
      expect(none).toMatchObject({
        status: 2,
        err: expect.stringContaining('is not a kernel tree'),
      })
      const engine = await record(db, 'split-race-lost')
      expect(engine).toMatchObject({
        status: 2,
        err: expect.stringContaining('h7_change belongs to the engine'),
      })
    },
    MINUTES,
  )

  test(
    'a run is like any other, with its evidence, and events say their place in the tree',
    async () => {
      const db = join(folder(), 'a.db')
      const made = await record(db, 'clean-ro')
      expect(made).toMatchObject({ status: 0, err: '' })
      expect(made.out).toMatch(
        /^run 1 clean-ro\/4k-48\/tree:linux-\S+: 92 events; set_memory_ro = 0\n$/,
      )
      const shown = await pagetrail([
        '--db',
        db,
        'replay',
        '1',
        '--filter',
        'kind == desc_write',
        '--json',
      ])
      const writes = jsonLines(shown.out).filter(({ kind }) => kind === 'desc_write')
      expect(writes.length).toBeGreaterThan(0)
      for (const { src } of writes)
        expect(src).toMatch(/^arch\/arm64\/include\/asm\/pgtable\.h:\d+$/)
      const info = await pagetrail(['--db', db, 'info', '1', '--json'])
      expect(info.out).toContain('"arch/arm64/mm/pageattr.c"')
    },
    MINUTES,
  )

  test(
    'nothing is written into the tree',
    async () => {
      const mark = join(folder(), 'mark')
      writeFileSync(mark, '')
      await record(join(folder(), 'a.db'), 'clean-ro')
      expect(execFileSync('find', [dir, '-newer', mark], { encoding: 'utf8' })).toBe('')
    },
    MINUTES,
  )

  test(
    'twice the same, byte for byte',
    async () => {
      const db = join(folder(), 'a.db')
      await record(db, 'half-changed', 'two-in-one-block')
      await record(db, 'half-changed', 'two-in-one-block')
      const text = async (run: string) => (await pagetrail(['--db', db, 'export', run])).out
      expect(await text('3')).toBe(await text('1'))
      expect(await text('4')).toBe(await text('2'))
    },
    MINUTES,
  )

  test(
    'a schedule decides whose step comes when',
    async () => {
      const db = join(folder(), 'a.db')
      await record(db, 'two-owners', '--schedule', '0.1.0.1')
      await record(db, 'two-owners', '--schedule', '1.1.0.1')
      const cpus = async (run: string) => {
        const { out } = await pagetrail([
          '--db',
          db,
          'replay',
          run,
          '--filter',
          'kind == desc_read',
          '--json',
        ])
        return jsonLines(out)
          .filter(({ kind }) => kind === 'desc_read')
          .slice(0, 4)
          .map(({ cpu }) => cpu)
      }
      expect(await cpus('1')).toEqual([0, 1, 0, 1])
      expect(await cpus('2')).toEqual([1, 1, 0, 1])
    },
    MINUTES,
  )

  test(
    'a scenario of a file, wrong in a field: the file is named',
    async () => {
      const dir2 = folder()
      const file = join(dir2, 'own.json')
      writeFileSync(file, JSON.stringify({ calls: [{ fn: 'set_memory_rol' }] }))
      const { status, err } = await record(join(dir2, 'a.db'), file)
      expect(status).toBe(2)
      expect(err).toContain(file)
    },
    MINUTES,
  )

  test(
    'tree says what is shown and what is not',
    async () => {
      const { status, out } = await pagetrail(['tree', dir, ...cache])
      expect(status).toBe(0)
      expect(out).toMatch(
        /: Linux \d+\.\d+\S*, 4k-48\n {2}built in \S+ s from 9 files by aarch64-linux-gnu-gcc/,
      )
      expect(out).toContain('  shows: op_begin, ')
      expect(out).toMatch(/ {2}does not show: .*access/)
    },
    MINUTES,
  )

  test(
    '--explore runs every schedule with one preemption',
    async () => {
      const { status, out } = await pagetrail([
        'tree',
        dir,
        ...cache,
        '--explore',
        'two-neighbours,two-owners',
      ])
      expect(out).toMatch(
        /two-neighbours: \d+ schedules and 200 random; 1 end, 0 of which no serial order of the CPUs has/,
      )
      // Two CPUs change the same page without a lock of their own: the second write does not see the first.
      expect(out).toMatch(
        /two-owners: \d+ schedules and 200 random; 3 ends, 2 of which no serial order/,
      )
      expect(out).toMatch(/so end \d+: pagetrail record two-owners --tree \S+ --schedule [01.*]+\d/)
      expect(status).toBe(1)
    },
    MINUTES,
  )

  test(
    'conform --tree: cases of other kernels are counted, not passed over in silence',
    async () => {
      const cases = join(import.meta.dirname, '../../fixtures/corpus/kernel.jsonl.gz')
      const { status, out } = await pagetrail([
        'conform',
        '--tree',
        dir,
        '--geometry',
        '4k-48',
        cases,
        ...cache,
      ])
      expect(status).toBe(0)
      expect(out).toMatch(
        /^(\d+) cases: \1 equal, 0 unequal, 0 could not be run\n\d+ cases of other kernels/,
      )
    },
    MINUTES,
  )
})
