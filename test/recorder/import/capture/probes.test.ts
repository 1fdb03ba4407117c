import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { definitionsFor, KERNELS } from '../../../../packages/recorder/src/import/capture/probes.ts'

test.each(KERNELS)('%s gets the definitions that a real kernel accepted', (kernel) => {
  const file = new URL(`../../../fixtures/capture/kprobe_events-${kernel}.txt`, import.meta.url)
  const accepted = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(definitionsFor(kernel).toSorted()).toEqual(accepted.toSorted())
})
