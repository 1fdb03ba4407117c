import { InputError } from '@pagetrail/engine'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import { expect, test } from 'vitest'

import type { TraceEvent } from '../../../../packages/recorder/src/event/kinds.ts'
import { FtraceEvents } from '../../../../packages/recorder/src/import/translate/ftrace-events.ts'
import { MemorySource } from '../../../../packages/recorder/src/import/trace-dat/byte-source.ts'
import { DatCursor } from '../../../../packages/recorder/src/import/trace-dat/dat-cursor.ts'
import { readDatFile } from '../../../../packages/recorder/src/import/trace-dat/dat-file.ts'
import { DatInput } from '../../../../packages/recorder/src/import/trace-dat/dat-input.ts'
import { imported, MemorySink } from '../imported.ts'
import { type DatParts, type Packing, PAGE, writeV6, writeV7 } from './dat-writer.ts'

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/traces/${name}`, import.meta.url))

const REAL = fixture('modules_small-6.18.trace.dat')

function read(bytes: Uint8Array, buffer: string | null = null) {
  const sink = new MemorySink()
  const events = new FtraceEvents(sink, { pageShift: 12 })
  const input = new DatInput(events, new MemorySource(bytes), buffer)
  for (const _ of input.run()) expect(input.entries).toBeGreaterThan(0)
  const counts = events.finish()
  sink.flush()
  return { events: sink.events, counts, facts: input.facts() }
}

const withoutTime = (events: readonly TraceEvent[]) =>
  events.map((event) => ({ ...event, ts: null }))

/** The parts of the real file, to be written in another way. */
function realParts(): DatParts {
  const file = readDatFile(new MemorySource(REAL))
  const pages = file.buffers[0]!.cpus.map(({ offset }) => {
    const cursor = new DatCursor(file.source, offset, true)
    const pieces: Uint8Array[] = []
    for (let n = cursor.u32(); n > 0; n--) {
      const packed = cursor.u32()
      const plain = cursor.u32()
      pieces.push(file.unpack!(cursor.bytes(packed), plain))
    }
    return Buffer.concat(pieces)
  })
  return {
    headerPage: file.headerPage,
    ownFormats: file.formats.slice(0, 1),
    formats: file.formats.slice(1),
    cmdlines: file.cmdlines,
    kallsyms: file.kallsyms(),
    uname: `Linux host ${file.kernel} aarch64`,
    clock: 'mono',
    pages,
  }
}

test('its events are those that trace-cmd itself reports, one by one', () => {
  const binary = read(REAL)
  const report = imported(gunzipSync(fixture('modules_small-6.18.report.gz')))
  expect(withoutTime(binary.events)).toEqual(withoutTime(report.events))
  binary.events.forEach((event, i) => {
    // The report rounds to microseconds, its first event too.
    expect(Math.abs((event.ts ?? 0) - (report.events[i]!.ts ?? 0))).toBeLessThanOrEqual(1000)
  })
  expect(binary.facts).toMatchObject({
    format: 'trace.dat v7',
    entries: 2789,
    kernel: '6.18.15+deb13-cloud-arm64',
    facts: { clock: 'mono', cpus: 2, packed: true },
  })
  expect(binary.counts.unpaired).toBe(0)
})

test('version 6, and version 7 packed by each algorithm, say the same', () => {
  const parts = realParts()
  const { events } = read(REAL)
  const v6 = read(writeV6(parts))
  expect(v6.events).toEqual(events)
  expect(v6.facts).toMatchObject({
    format: 'trace.dat v6',
    kernel: '6.18.15+deb13-cloud-arm64',
    facts: { clock: 'mono', packed: false },
  })
  for (const packing of ['none', 'zlib', 'zstd'] as const satisfies readonly Packing[])
    expect(read(writeV7(parts, packing)).events).toEqual(events)
})

const FORMAT = (name: string, id: number, fields = '') =>
  `name: ${name}\nID: ${id}\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n${fields}\nprint fmt: ""\n`

/** A page of records of 8 bytes at these times: type 5, or what else is said. */
function ring(
  times: readonly number[],
  { lost = false, type = 5, flags = 0, pid = 7 } = {},
): Buffer {
  const page = Buffer.alloc(PAGE)
  page.writeBigUInt64LE(BigInt(times[0]!), 0)
  page.writeBigUInt64LE(BigInt(times.length * 12) + (lost ? 0x8000_0000n : 0n), 8)
  times.forEach((time, i) => {
    const at = 16 + i * 12
    page.writeUInt32LE(((time - (times[i - 1] ?? time)) << 5) | 2, at)
    page.writeUInt16LE(type, at + 4)
    page.writeUInt8(flags, at + 6)
    page.writeInt32LE(pid, at + 8)
  })
  return page
}

const small = (pages: readonly Buffer[]): DatParts => ({
  headerPage:
    '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n',
  ownFormats: [FORMAT('isb__a', 5)],
  formats: [FORMAT('vfree_ret', 6)],
  cmdlines: '7 my task\n',
  kallsyms: '',
  uname: 'Linux host 6.18.15 aarch64',
  clock: 'boot',
  pages,
})

test('the CPUs are merged by time, the first of them where it is the same', () => {
  const { events } = read(writeV6(small([ring([100, 300, 300]), ring([50, 300, 900])])))
  expect(events.map((e) => [e.cpu, e.ts])).toEqual([
    [1, 0],
    [0, 50],
    [0, 250],
    [0, 250],
    [1, 250],
    [1, 850],
  ])
})

test('tasks, contexts, lost events', () => {
  const pages = Buffer.concat([
    ring([1]),
    ring([2], { flags: 0x10, pid: 0 }),
    ring([3], { flags: 0x18, pid: 9 }),
    ring([4], { lost: true, flags: 0x80 }),
  ])
  const { events, counts } = read(writeV7(small([pages]), 'zstd'))
  expect(
    events.map((e) => (e.kind === 'context' ? e.fn : e.kind === 'gap' ? 'gap' : e.task)),
  ).toEqual(['my task-7', 'softirq', '<idle>-0', 'irq', '<...>-9', 'gap', 'bh_off', 'my task-7'])
  expect(counts.kinds).toMatchObject({ isb: 4, gap: 1 })
})

test.each([
  [
    'a version that is not read',
    Buffer.concat([REAL.subarray(0, 10), Buffer.from('8\0\0\u0008\0\u0010\0\0')]),
    'version "8"',
  ],
  ['a file that was cut', REAL.subarray(0, 5000), 'cut short'],
  ['a recording without events', writeV7(small([]), 'none').subarray(0, 40), 'cut short'],
  ['an unknown type', writeV6(small([ring([1], { type: 99 })])), 'type 99, which has no format'],
])('%s is refused', (_, bytes, message) => {
  expect(() => read(bytes)).toThrow(InputError)
  expect(() => read(bytes)).toThrow(message)
})

/** What reading it threw, or null. */
function thrown(bytes: Uint8Array): unknown {
  try {
    read(bytes)
    return null
  } catch (error) {
    return error
  }
}

test('damage anywhere is an error or changes what is read, never a crash', () => {
  const outcomes = Array.from({ length: 80 }, (_, i) => {
    const bytes = Buffer.from(REAL)
    bytes[Math.floor((i / 80) * bytes.length)]! ^= 1 << (i % 8)
    return thrown(bytes)
  })
  const refused = outcomes.filter((error) => error !== null)
  expect(refused.every((error) => error instanceof InputError)).toBe(true)
  expect(refused.length).toBeGreaterThan(40)
})
