import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import { importFile, type Leaf, leavesOf, openTrace, stateAt } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url).pathname
const PTE = 0x1000n

interface Dumped {
  readonly start: bigint
  readonly end: bigint
  readonly level: string
  readonly attributes: bigint
}

function dumpOf(name: string): Dumped[] {
  const text = gunzipSync(readFileSync(fixture(name))).toString()
  const lines = text.matchAll(/^(0x\w+)-(0x\w+) .* L\d (\w+) .* attr=(\w+)$/gm)
  return [...lines].map(([, start, end, level, attributes]) => ({
    start: BigInt(start!),
    end: BigInt(end!),
    level: level!.toLowerCase(),
    attributes: BigInt(`0x${attributes}`),
  }))
}

function pagesOf({ va, end }: Leaf): bigint[] {
  return Array.from({ length: Number((end - va) / PTE) }, (_, i) => va + BigInt(i) * PTE)
}

test('what the trace of a real kernel shows is what its page tables held in the end', async () => {
  const trace = await openTrace(':memory:', { mode: 'write' })
  const file = fixture('traces/modules_small-6.18-bbm.trace.gz')
  const { run } = await importFile(trace, file, { created: 0 })
  const dump = dumpOf('pagetables/6.18-bbm-end.txt.gz')
  const compared = leavesOf(stateAt(trace, trace.find(run))).flatMap((leaf) =>
    pagesOf(leaf).flatMap((va) => {
      const entry = dump.find(({ start, end }) => va >= start && va < end)
      // The modules' own mappings went away with them, which no probe shows.
      if (!entry) return []
      const { level, attributes } = leaf
      return [
        {
          va,
          seen: { level, attributes },
          held: { level: entry.level, attributes: entry.attributes },
        },
      ]
    }),
  )
  trace.close()
  expect(compared).toHaveLength(33)
  for (const { seen, held } of compared) expect(seen).toEqual(held)
})
