import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { definitionsFor } from '../../../../packages/recorder/src/import/capture/probes.ts'
import { TRACED_FLAVOURS } from '../../../../packages/recorder/src/import/translate/kernel-traits.ts'

const fixture = (name: string): string[] =>
  readFileSync(new URL(`../../../fixtures/capture/${name}.txt`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')

const inGroup = (line: string): string => line.replace(':', ':kperm/')
/** Probes that came after the captures were made. */
const added = /vfree|__vunmap_range_noflush|__vmap_pages_range_noflush/

test.each(TRACED_FLAVOURS)('%s gets the definitions that a real kernel accepted', (kernel) => {
  const lines = definitionsFor(kernel, false, new Map()).map(inGroup)
  const accepted = fixture(`kprobe_events-${kernel}`)
  expect(lines.filter((line) => !added.test(line)).toSorted()).toEqual(accepted.toSorted())
})

test('events keep their names where a tree has another for the function', () => {
  const lines = definitionsFor('6.18', false, new Map([['update_range_prot', 'my_update']]))
  expect(lines).toContain(
    'p:update_range_prot my_update start=$arg1:x64 size=$arg2:x64 set=$arg3:x64 clear=$arg4:x64',
  )
  expect(lines).toContain(
    'r:update_range_prot_ret my_update start=$arg1:x64 size=$arg2:x64 ret=$retval:s32',
  )
})
