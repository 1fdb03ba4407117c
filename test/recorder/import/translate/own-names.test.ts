import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import {
  knownProbe,
  ownNames,
} from '../../../../packages/recorder/src/import/translate/own-names.ts'
import { importFile } from '../../../../packages/recorder/src/import/import.ts'
import { openRuns } from '../../../../packages/recorder/src/store/run-file.ts'
import { folder } from '../../../support/cli.ts'
import { capture } from '../../../support/demo.ts'

const KNOWN = new Set(['set_memory_ro', 'pageattr_pte_entry', 'update_range_prot'])
const MAP = { set_memory_ro: 'my_ro', pageattr_pte_entry: 'leaf_2', update_range_prot: 'prot' }

test('entries, returns, stores and places inside', () => {
  const names = ownNames(MAP, KNOWN)
  const known = (name: string): string => knownProbe(name, names)
  expect(known('my_ro')).toBe('set_memory_ro')
  expect(known('my_ro_ret')).toBe('set_memory_ro_ret')
  expect(known('leaf_2_store')).toBe('pageattr_pte_entry_store')
  expect(known('leaf_2_store_3')).toBe('pageattr_pte_entry_store_3')
  expect(known('dsb_ishst__prot')).toBe('dsb_ishst__update_range_prot')
  expect(known('isb__prot_2')).toBe('isb__update_range_prot_2')
  expect(known('lazy_queue__leaf_2')).toBe('lazy_queue__pageattr_pte_entry')
  expect(known('my_rope')).toBe('my_rope')
  expect(known('set_memory_ro')).toBe('set_memory_ro')
})

test('a name that is not known, and one for two', () => {
  expect(() => ownNames({ set_memory_r0: 'mine' }, KNOWN)).toThrow(
    '--map set_memory_r0=mine: import knows no function set_memory_r0, did you mean set_memory_ro?',
  )
  expect(() => ownNames({ set_memory_ro: 'mine', update_range_prot: 'mine' }, KNOWN)).toThrow(
    '--map: mine cannot be both set_memory_ro and update_range_prot',
  )
})

test('a tree that renamed its functions has the same calls, stores and flushes', async () => {
  const text = gunzipSync(readFileSync(capture('6.18.15'))).toString()
  const map = {
    set_memory_ro: 'arm64_set_ro',
    update_range_prot: 'prot_range_update',
    pageattr_pte_entry: 'leaf_attr',
  }
  let renamed = text
  for (const [name, own] of Object.entries(map)) renamed = renamed.replaceAll(name, own)
  const path = join(folder(), 'renamed.trace')
  writeFileSync(path, renamed)
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const runs = [
    await importFile(runFile, capture('6.18.15'), { created: 7 }),
    await importFile(runFile, path, { created: 7, map }),
    await importFile(runFile, path, { created: 7 }),
  ]
  const [real, mapped, blind] = runs.map(({ run }) => runFile.find(run))
  expect(mapped!.facts['map']).toEqual(map)
  const diff = diffRuns(runFile.source(real!), runFile.source(mapped!))
  expect(diff).toMatchObject({ verdict: 'identical', calls: { paired: real!.calls } })
  expect(diff.cost.left).toEqual(diff.cost.right)
  expect(blind!.calls).toBeLessThan(real!.calls)
})
