import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { conformCase, conformStream, openConformInput } from '@pagetrail/recorder'
import type { CaseVerdict } from '@pagetrail/recorder'
import { afterAll, describe, expect, test } from 'vitest'

import { kernelCases } from '../../support/kernel/kernel-cases.ts'

interface Case {
  id: string
  flavour: string
  geometry: { page_shift: number; va_bits: number }
  calls: { fn: string }[]
  events: Record<string, unknown>[]
  results: (number | null)[]
  final: Record<string, unknown>[]
}

const cases = kernelCases()
const parsed = cases.map((text): Case => JSON.parse(text))

describe('the engine equals the kernel on the cases that come with the tests', () => {
  const names = [...new Set(parsed.map((c) => `${c.flavour} ${c.geometry.page_shift}`))]

  test.each(names)('%s', (name) => {
    const unequal = cases
      .filter((_, i) => `${parsed[i]?.flavour} ${parsed[i]?.geometry.page_shift}` === name)
      .map((text) => conformCase(text))
      .filter((verdict) => verdict.verdict !== 'equal')
    expect(unequal).toEqual([])
  })

  test('and they have every flavour and geometry of the corpus', () => {
    const geometries = new Set(
      parsed.map((c) => `${c.flavour} ${c.geometry.page_shift} ${c.geometry.va_bits}`),
    )
    expect(geometries.size).toBe(5 * 7)
  })
})

/** A small case that writes, as the file has it. */
function sample(): Case {
  const found = parsed.find((c) => c.id === 'valid_off_on_1/4k-48/7.3' || c.final.length > 1)
  if (found === undefined) throw new Error('no case to alter')
  return structuredClone(found)
}

describe('a case that differs', () => {
  test('in an event: which one, both sides, and what came before', () => {
    const altered = sample()
    const index = altered.events.findIndex((event) => event['kind'] === 'desc_write')
    const expected = { ...altered.events[index], new: '0x1' }
    const actual = altered.events[index]
    altered.events[index] = expected
    const before = altered.events.slice(Math.max(0, index - 4), index)
    expect(conformCase(JSON.stringify(altered), 7)).toEqual({
      line: 7,
      id: altered.id,
      verdict: 'unequal',
      divergence: { in: 'events', index, expected, actual, before },
    })
  })

  test('by an event too many, an event missing, a result, a final entry', () => {
    const differs = (alter: (c: Case) => void): unknown => {
      const altered = sample()
      alter(altered)
      const verdict = conformCase(JSON.stringify(altered))
      return verdict.verdict === 'unequal' ? verdict.divergence : verdict
    }
    const { events, results, final } = sample()
    const last = events.at(-1)
    expect(differs((c) => c.events.pop())).toMatchObject({
      in: 'events',
      index: events.length - 1,
      expected: null,
      actual: last,
    })
    expect(differs((c) => c.events.push({ seq: 99 }))).toMatchObject({
      in: 'events',
      index: events.length,
      expected: { seq: 99 },
      actual: null,
    })
    expect(differs((c) => (c.results[0] = -5))).toMatchObject({
      in: 'results',
      index: 0,
      expected: -5,
      actual: results[0],
    })
    expect(differs((c) => c.final.pop())).toMatchObject({
      in: 'final',
      index: final.length - 1,
      expected: null,
      actual: final.at(-1),
    })
  })
})

describe('a case that cannot be run says why', () => {
  test.each<[string, string]>([
    ['{"id":"x"', 'JSON'],
    ['[]', 'events'],
    ['3', 'object'],
    ['{"events":[],"results":[],"final":[]}', 'flavour'],
    [JSON.stringify({ ...sample(), flavour: '5.4' }), 'use one of 6.12'],
    [JSON.stringify({ ...sample(), calls: [{ fn: 'set_memory_r0' }] }), 'calls[0].fn'],
    [
      JSON.stringify({ ...sample(), calls: [{ fn: 'set_memory_ro', addr: '0xg' }] }),
      'calls[0].addr',
    ],
  ])('%.40s', (text, reason) => {
    const verdict = conformCase(text)
    expect(verdict.verdict).toBe('cannot-run')
    expect(verdict.verdict === 'cannot-run' && verdict.reason).toContain(reason)
  })
})

describe('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'conform-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  const verdicts = async (name: string, content: string | Uint8Array): Promise<CaseVerdict[]> => {
    const path = join(directory, name)
    writeFileSync(path, content)
    const all: CaseVerdict[] = []
    for await (const verdict of conformStream(createReadStream(path), name)) all.push(verdict)
    return all
  }

  const text = `${cases[0]}\n\n{broken\n${cases[1]}`

  test('plain and gzip give the same; blank lines are no cases, the last needs no newline', async () => {
    const plain = await verdicts('plain.jsonl', text)
    expect(plain.map(({ line, verdict }) => [line, verdict])).toEqual([
      [1, 'equal'],
      [3, 'cannot-run'],
      [4, 'equal'],
    ])
    expect(await verdicts('packed.jsonl.gz', gzipSync(text))).toEqual(plain)
  })

  test('an empty file has no cases', async () => {
    expect(await verdicts('empty.jsonl', '')).toEqual([])
  })

  test('a missing or damaged file is an error, not an empty answer', async () => {
    const packed = gzipSync(text)
    await expect(verdicts('cut.gz', packed.subarray(0, packed.length - 20))).rejects.toThrow(
      'cut.gz: the gzip data ends early',
    )
    const absent = join(directory, 'absent')
    await expect(openConformInput(absent, { created: 0 })).rejects.toThrow('there is no such file')
  })
})
