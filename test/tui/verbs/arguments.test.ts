import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { folder, pagetrail } from '../../support/cli.ts'
import { recordDemo } from '../../support/demo.ts'

const VA = 'ffff8000801ff000'
const END = 'ffff800080200000'

/** A comparison repeats its filter as it was typed. */
const shown = (text: string): string => text.replace(/^only events.*$/gm, '')

/** Every argument in which an address is typed. */
test.each([
  ['why', (va: string) => ['why', '1', va]],
  ['state --range', (va: string, end: string) => ['state', '1', '--range', `${va}-${end}`]],
  ['replay --filter ==', (va: string) => ['replay', '1', '--filter', `va == ${va}`]],
  [
    'replay --filter in',
    (va: string, end: string) => ['replay', '1', '--filter', `va in ${va}-${end}`],
  ],
  ['replay --filter args', (va: string) => ['replay', '1', '--filter', `args.addr == ${va}`]],
  ['diff --filter', (va: string) => ['diff', '1', '1', '--filter', `va != ${va}`]],
  ['sql', (va: string) => ['sql', `select va from desc_write where va = hex64(unhex64('${va}'))`]],
])('%s: an address is the same with and without 0x', async (_, argsOf) => {
  const db = ['--db', await recordDemo('6.18')]
  const plain = await pagetrail([...argsOf(VA, END), ...db])
  const prefixed = await pagetrail([...argsOf(`0x${VA}`, `0x${END}`), ...db])
  expect(shown(plain.out)).toBe(shown(prefixed.out))
  expect(plain.status).toBe(0)
  expect(plain.out).toMatch(/0xffff8000801ff000|identical/)
})

const DESC = '0068000500040703'
const SCENARIO = {
  geometry: { page_shift: 12, va_bits: 48 },
  features: {
    rodata_full: 1,
    kfence_start: '0xffff000040000000',
    kfence_size: '0x0000000000010000',
  },
  init: [
    {
      va: '0xffff8000c0000000',
      level: 'pte',
      desc: `0x${DESC}`,
      count: 4,
      pa_step: '0x0000000000001000',
    },
    {
      va: '0xffff000100040000',
      level: 'pte',
      desc: `0x${DESC}`,
      count: 4,
      pa_step: '0x0000000000001000',
    },
  ],
  areas: [
    {
      start: '0xffff8000c0000000',
      size: '0x0000000000005000',
      pages: [{ pfn: '0x0000000000500040', count: 4 }],
    },
  ],
  calls: [
    { fn: 'set_memory_ro', addr: '0xffff8000c0000000', numpages: 2 },
    {
      fn: 'walk_kernel_page_table_range',
      addr: '0xffff8000c0000000',
      end: '0xffff8000c0001000',
      cb: 'own',
      set: '0x0080000000000000',
    },
    { fn: 'store', addr: '0xffff8000c0001000', desc: `0x${DESC}` },
  ],
}

const withoutPrefix = (text: string): string => text.replace(/"0x([0-9a-f]{16})"/g, '"$1"')

/** Runs of a file, as JSON Lines without what is of the file: its header. */
async function eventsOf(path: string, verb: 'record' | 'import'): Promise<string> {
  const db = ['--db', join(folder(), 'test.db')]
  const flavour = verb === 'record' ? ['--flavour', '6.18'] : []
  const { status, err } = await pagetrail([verb, path, ...flavour, ...db])
  expect([status, err]).toEqual([0, expect.any(String)])
  const { out } = await pagetrail(['export', '-1', '--format', 'jsonl', ...db])
  return out.slice(out.indexOf('\n'))
}

test('a scenario, and JSON Lines: every 64-bit value is the same with and without 0x', async () => {
  const dir = folder()
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const text = JSON.stringify(SCENARIO)
  expect(withoutPrefix(text).match(/"[0-9a-f]{16}"/g)).toHaveLength(17)
  const recorded = await eventsOf(file('scenario.json', text), 'record')
  expect(recorded.match(/desc_write/g)?.length).toBeGreaterThan(5)
  expect(await eventsOf(file('plain.json', withoutPrefix(text)), 'record')).toBe(recorded)

  const lines = `{"pagetrail":2,"run":{"label":"x"}}${recorded}`
  const events = await eventsOf(file('events.jsonl', lines), 'import')
  expect(withoutPrefix(lines)).not.toBe(lines)
  const again = await eventsOf(file('plain.jsonl', withoutPrefix(lines)), 'import')
  // Arguments of calls are kept as their producer writes them.
  const args = /"args":\{[^}]*\}/g
  expect(again.replace(args, '')).toBe(events.replace(args, ''))
})

test('calls that were given the same bits were asked for the same', async () => {
  const dir = folder()
  const db = ['--db', join(dir, 'test.db')]
  for (const set of ['0x0080000000000000', '0080000000000000', '0x0000000000000080']) {
    const range = { va: '0xffff8000c0000000', end: '0xffff8000c0001000' }
    const at = { cpu: 0, op: 0, fn: 'apply' }
    const events = [
      { seq: 0, ...at, kind: 'op_begin', ...range, args: { set } },
      { seq: 1, ...at, kind: 'op_end', ret: 0 },
    ]
    const path = join(dir, `${set}.jsonl`)
    const lines = [{ pagetrail: 2, run: { label: set } }, ...events]
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await pagetrail(['import', path, ...db])
  }
  const same = await pagetrail(['diff', '1', '2', '--json', ...db])
  const other = await pagetrail(['diff', '1', '3', '--json', ...db])
  expect(same.out).toContain('"paired":1,"otherInput":0')
  expect(other.out).not.toContain('"paired":1,"otherInput":0')
})

test('what a call was given as masks is read alike, and what is not a mask is not judged', async () => {
  const dir = folder()
  const verdicts = await Promise.all(
    ['"0x0080000000000000"', '"0080000000000000"', '"many"', '{}'].map(async (mask, i) => {
      const db = ['--db', join(dir, `${i}.db`)]
      const at = { cpu: 0, op: 0 }
      const range = { va: '0xffff8000c0000000', end: '0xffff8000c0001000' }
      const entry = { level: 'pte', va: range.va }
      const events = [
        {
          seq: 0,
          cpu: 0,
          op: null,
          kind: 'init',
          ...entry,
          new: '0xe8000500040703',
          count: 1,
          pa_step: '0x0',
        },
        {
          seq: 1,
          ...at,
          kind: 'op_begin',
          fn: 'apply',
          ...range,
          args: { cb: 'own', set: 'MASK' },
        },
        {
          seq: 2,
          ...at,
          kind: 'desc_write',
          ...entry,
          old: '0xe8000500040703',
          new: '0x68000500040783',
        },
        { seq: 3, ...at, kind: 'op_end', fn: 'apply', ret: 0 },
      ]
      const lines = events.map((event) => JSON.stringify(event).replace('"MASK"', mask))
      const path = join(dir, `${i}.jsonl`)
      writeFileSync(path, ['{"pagetrail":2,"run":{"label":"x"}}', ...lines, ''].join('\n'))
      const { status: imported, err } = await pagetrail(['import', path, ...db])
      expect([imported, err]).toEqual([3, ''])
      const { status, out } = await pagetrail(['check', '1', '--rules', 'unasked-change', ...db])
      return `${status} ${out.includes('unasked-change')}`
    }),
  )
  expect(verdicts[0]).toBe(verdicts[1])
  expect(verdicts[2]).toBe(verdicts[3])
  expect(verdicts[0]).not.toBe(verdicts[2])
})
