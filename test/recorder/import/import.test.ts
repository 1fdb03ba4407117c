import { InputError } from '@pagetrail/engine'
import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'

import { afterEach, beforeEach, expect, test } from 'vitest'

import {
  importFile,
  type ImportOptions,
  importStream,
} from '../../../packages/recorder/src/import/import.ts'
import { importInput } from '../../../packages/recorder/src/import/import-input.ts'
import { openRuns, type RunFile } from '../../../packages/recorder/src/store/run-file.ts'
import { demoCapture, imported, lines } from './imported.ts'

const CREATED = 1_700_000_000_000
let folder: string
let runFile: RunFile

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-import-'))
  runFile = await openRuns(join(folder, 'test.db'), { mode: 'write' })
})

afterEach(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const load = (path: string, options: Partial<ImportOptions> = {}) =>
  importFile(runFile, path, { created: CREATED, ...options })

test('a capture becomes a run that says where it came from', async () => {
  const capture = demoCapture('modules_small-6.18.15')
  const report = await load(file('modules.trace.gz', gzipSync(capture)), { kernel: '6.18.15' })
  expect(report).toMatchObject({
    label: 'modules',
    format: 'ftrace text',
    interrupted: false,
    lines: 2804,
    entries: 2792,
    unpaired: 0,
    lost: 0,
    definitions: 'full',
    flavour: '6.18',
  })
  const run = runFile.find(report.run)
  expect(run).toMatchObject({
    label: 'modules',
    source: 'ftrace',
    state: 'complete',
    flavour: '6.18',
    kernel: '6.18.15',
    geometry: { pageShift: 12, vaBits: 48, levels: 4 },
    calls: 96,
    created: CREATED,
    facts: {
      file: 'modules.trace.gz',
      clock: 'seconds',
      cpus: 2,
      definitions: 'full',
      lines: 2804,
      entries: 2792,
      workload: 'modules_small',
      events: { set_memory_ro: 10 },
    },
  })
  expect(run.t0).toBeGreaterThan(0n)
  const { events } = imported(capture)
  expect([...runFile.source(run).events()]).toEqual(events)
})

test('a call that was given a page takes the range of its first walk', async () => {
  const report = await load(file('a.trace', demoCapture('modules_small-6.17.13')))
  const calls = [...runFile.source(runFile.find(report.run)).calls()]
  const direct = calls.filter((call) => call.fn.startsWith('set_direct_map_'))
  expect(direct).toHaveLength(68)
  expect(direct.every(({ va, end }) => end === (va ?? 0n) + 0x1000n)).toBe(true)
})

test('several members of gzip, and a pipe', async () => {
  const text = demoCapture('modules_small-6.17.13')
  const packed = Buffer.concat([gzipSync(text.subarray(0, 5000)), gzipSync(text.subarray(5000))])
  const path = file('a.gz', packed)
  expect((await load(path)).entries).toBe(2068)
  const piped = await importStream(runFile, createReadStream(path, { highWaterMark: 7 }), 'stdin', {
    created: CREATED,
  })
  expect([piped.entries, piped.label]).toEqual([2068, 'stdin'])
})

test.each([
  ['nothing', '', 'is empty'],
  ['JSON', '{"seq":0}\n', '--format jsonl'],
  [
    'cut gzip',
    gzipSync(lines(...Array.from({ length: 999 }, () => 'isb__a: (x)'))).subarray(0, 90),
    'ends early',
  ],
  [
    'damaged gzip',
    Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(50, 0xff)]),
    'is damaged',
  ],
])('%s is refused and leaves nothing', async (name, content, message) => {
  await expect(load(file(name, content))).rejects.toThrow(InputError)
  await expect(load(file(name, content))).rejects.toThrow(message)
  expect(runFile.runs()).toEqual([])
  expect(runFile.db.prepare('select count(*) as n from event').get()).toEqual({ n: 0n })
})

/** The first block of a tar, of a file named a.trace. */
const tarHead = Buffer.alloc(512)
tarHead.write('a.trace', 0)
tarHead.write('ustar', 257)

test.each([
  ['packed.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'packed by xz; unpack it'],
  ['packed.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 4]), 'packed by zstd; unpack it'],
  ['wide.txt', Buffer.from('\ufeff# tracer: nop\n', 'utf16le'), 'iconv -f UTF-16 -t UTF-8'],
  ['events.json', Buffer.from('[{"name": "a", "ph": "X"}]'), "JSON of Chrome's tracing"],
  ['traces.tar', tarHead, 'this is a tar archive'],
  ['perf.data', Buffer.from('PERFILE2\x68\x00\x00\x00'), 'perf script --show-lost-events'],
  ['chrome.json', '{"traceEvents":[{"ph":"B"}]}', 'the trace that it was made from'],
  ['capture.zip', Buffer.from('PK\x03\x04\x14\x00\x00\x00\x08\x00'), 'unpack it'],
])('%s is refused as what it is', async (name, content, remedy) => {
  await expect(load(file(name, content))).rejects.toThrow(remedy)
  expect(runFile.runs()).toEqual([])
})

test('what cannot be read says why', async () => {
  await expect(load(join(folder, 'missing'))).rejects.toThrow('there is no such file')
  await expect(load(folder)).rejects.toThrow('it is a directory')
})

test('a bad line is kept and counted; --strict takes all before it with it', async () => {
  const many = lines(...Array.from({ length: 9000 }, () => 'isb__a: (x)'))
  const report = await load(file('a', `${many}oops\n`))
  expect(report).toMatchObject({
    entries: 9000,
    unreadable: 1,
    quoted: [{ line: 9001, text: "'oops'" }],
  })
  runFile.remove(runFile.find(report.run.toString()))
  await expect(load(file('a', `${many}oops\n`), { strict: true })).rejects.toThrow('a:9001:')
  expect(runFile.db.prepare('select count(*) as n from event').get()).toEqual({ n: 0n })
})

const at = (cpu: number, time: string, text: string) =>
  `          loader-77      [00${cpu}] d....    ${time}: ${text}\n`
const call = (addr: string) => `addr=0xffff8000810${addr}0000 numpages=1`

test('per-CPU files that were joined are put in order; a pipe of them is refused', async () => {
  const joined =
    at(0, '1.000000', `set_memory_ro: (x) ${call('a')}`) +
    at(0, '5.100000', `set_memory_ro_ret: (x) ${call('b')} ret=0`) +
    at(1, '1.100000', `set_memory_ro_ret: (x) ${call('a')} ret=0`) +
    at(1, '5.000000', `set_memory_ro: (x) ${call('b')}`)
  const report = await load(file('joined', joined))
  expect(report).toMatchObject({ entries: 4, unpaired: 0 })
  const calls = [...runFile.source(runFile.find(report.run.toString())).events()]
  expect(calls.map((e) => [e.kind, e.ts])).toEqual([
    ['op_begin', 0],
    ['op_end', 100_000_000],
    ['op_begin', 4_000_000_000],
    ['op_end', 4_100_000_000],
  ])
  const chunks = from(joined)
  await expect(importStream(runFile, chunks, 'a pipe', { created: 0 })).rejects.toThrow(
    'a pipe: line 3: time goes back on CPU 1',
  )
})

const eventsOf = ({ run }: { run: number }) => [
  ...runFile.source(runFile.find(String(run))).events(),
]

test('a trace that is in a file twice, or joined behind a later one, or backwards, has each event once', async () => {
  const once =
    at(0, '1.000000', `set_memory_ro: (x) ${call('a')}`) +
    at(0, '1.100000', `set_memory_ro_ret: (x) ${call('a')} ret=0`)
  const later = once.replaceAll('1.', '7.').replaceAll('810a', '810b')
  const whole = await load(file('whole', once + later))
  const reversed = (once + later).trimEnd().split('\n').toReversed().join('\n')
  for (const [text, doubled] of [
    [once + later + once + later, 4],
    [later + once, 0],
    [`${reversed}\n`, 0],
  ] as const) {
    const report = await load(file('a', text))
    expect(report).toMatchObject({ entries: 4, unpaired: 0, backwards: 0, doubled })
    expect(eventsOf(report)).toEqual(eventsOf(whole))
  }
  // Two of one time are two, unless another piece of the file has them.
  const barrier = at(0, '1.000000', 'isb__a: (x)')
  const barriers = await load(file('a', barrier + barrier + later + barrier + barrier + barrier))
  expect(barriers).toMatchObject({ kinds: { isb: 3 }, doubled: 2 })
})

test('a store that its masks do not explain is believed where the header proves that no line is missing', async () => {
  const text = lines(
    'change_page_range: (x) pte=0x1 addr=0xffff80007a114000 val=0x783 set=0x80 clear=0x0',
    'change_page_range_ret: (x) pte=0x1 addr=0xffff80007a114000 val=0x703 ret=0',
  )
  const stores = async (head: string) =>
    (await load(file('a', `${head}${text}`))).kinds.desc_write ?? 0
  expect(await stores('')).toBe(0)
  expect(await stores('# entries-in-buffer/entries-written: 3/3   #P:1\n')).toBe(0)
  const counted = '# entries-in-buffer/entries-written: 2/2   #P:1\n'
  expect(await stores(counted)).toBe(1)
  // As many lines as were counted are not all, where one is there that has lost its other half.
  const stray = at(0, '0.000000', `set_memory_ro_ret: (x) ${call('a')} ret=0`)
  expect(await stores(`${counted.replaceAll('2', '3')}${stray}`)).toBe(0)
})

const entry = (addr: string) =>
  `change_page_range: (x) pte=0x1 addr=${addr} val=0x703 set=0x80 clear=0x0`

test('the first line of an event without its end is known by those behind it', async () => {
  const torn = 'change_page_range: (x) pte=0x1 addr=0xffff8000'
  const { kinds, unreadable, quoted } = await load(
    file('a', lines(torn, entry('0xffff80007a114000'), entry('0xffff80007a115000'))),
  )
  expect([kinds.cb_enter, unreadable, quoted[0]?.line]).toEqual([2, 1, 1])
  // So many are another definition of the probe.
  const other = await load(file('a', lines(torn, torn, torn, torn, entry('0xffff80007a114000'))))
  expect([other.kinds.cb_enter, other.unreadable]).toEqual([5, 0])
})

test('pages of 16K are seen in the trace', async () => {
  const { run } = await load(
    file(
      'a',
      lines(
        'set_memory_ro: (x) addr=0xffffc000810a0000 numpages=2',
        'change_memory_common: (x) addr=0xffffc000810a0000 numpages=2 set=0x80 clear=0x8000000000000',
        'update_range_prot: (x) start=0xffffc000810a0000 size=0x8000 set=0x80 clear=0x8000000000000',
      ),
    ),
  )
  const found = runFile.find(run.toString())
  expect(found.geometry).toEqual({ pageShift: 14, vaBits: 47, levels: 3 })
  const [begin] = runFile.source(found).events()
  expect(begin).toMatchObject({ end: 0xffffc000810a8000n })
})

test('progress counts the bytes of the file; the signal keeps what was done', async () => {
  const path = file('a', lines(...Array.from({ length: 60_000 }, () => 'isb__a: (x)')))
  const stop = new AbortController()
  const seen: (number | null)[] = []
  const report = await load(path, {
    signal: stop.signal,
    onProgress: ({ bytes, total, events }) => {
      seen.push(bytes, total)
      if (events > 0) stop.abort()
    },
  })
  expect(report.interrupted).toBe(true)
  expect(report.entries).toBeGreaterThan(0)
  expect(report.entries).toBeLessThan(60_000)
  expect(seen[0]).toBeLessThan(seen[1]!)
  const run = runFile.find(report.run)
  expect([run.state, run.events]).toEqual(['interrupted', report.entries])
})

test('a file that grows can be read while it is followed', async () => {
  const path = file('a', lines('isb__a: (x)', 'isb__b: (x)'))
  const stop = new AbortController()
  const following = load(path, { follow: true, signal: stop.signal })
  const events = () => runFile.runs()[0]?.events
  await expect.poll(events).toBe(2)
  const third = lines('isb__a: (x)', 'isb__b: (x)', 'isb__c: (x)').split('\n')[2]!
  const [first, second] = [third.slice(0, 40), `${third.slice(40)}\n`]
  await appendFile(path, first)
  await expect.poll(() => runFile.runs()[0]?.state).toBe('recording')
  await appendFile(path, second)
  await expect.poll(events).toBe(3)
  stop.abort()
  expect((await following).entries).toBe(3)
  expect(runFile.runs()[0]).toMatchObject({ state: 'interrupted', events: 3 })
})

test('a named pipe can be followed, also before anyone writes to it', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const stop = new AbortController()
  const following = load(path, { follow: true, signal: stop.signal })
  const writing = await open(path, 'w')
  await writing.write(lines('isb__a: (x)', 'isb__b: (x)'))
  await expect.poll(() => runFile.runs()[0]?.events).toBe(2)
  stop.abort()
  expect(await following).toMatchObject({ entries: 2, interrupted: true })
  await writing.close()
})

const clocked = (second: number, text: string) =>
  `          insmod-272     [000] d..1. ${second}.000000: ${text}\n`

test('a file that becomes shorter while it is followed ends the run, which stays', async () => {
  const path = file('a', lines('isb__a: (x)', 'isb__b: (x)'))
  const following = load(path, { follow: true })
  await expect.poll(() => runFile.runs()[0]?.events).toBe(2)
  // It has been read, but that it has a size is only seen at the next look.
  setTimeout(() => writeFileSync(path, ''), 500)
  expect(await following).toMatchObject({ interrupted: true, ended: `${path} became shorter` })
  expect(runFile.runs()[0]).toMatchObject({ state: 'interrupted', events: 2 })
})

test('a file that is rotated is followed into its successor; one that is replaced ends the run', async () => {
  const path = file('a', clocked(1, 'isb__a: (x)'))
  const following = load(path, { follow: true })
  await expect.poll(() => runFile.runs()[0]?.events).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  renameSync(path, `${path}.1`)
  writeFileSync(path, clocked(2, 'isb__b: (x)'))
  await expect.poll(() => runFile.runs()[0]?.events).toBe(2)
  await new Promise((resolve) => setTimeout(resolve, 300))
  renameSync(file('new', clocked(3, 'isb__c: (x)')), path)
  expect(await following).toMatchObject({ interrupted: true, ended: `${path} was replaced` })
  expect(runFile.runs()[0]).toMatchObject({ state: 'interrupted', events: 2 })
})

test('what is no trace, coming while a file is followed, ends the run, which stays', async () => {
  const path = file('a', clocked(1, 'isb__a: (x)'))
  const following = load(path, { follow: true })
  await expect.poll(() => runFile.runs()[0]?.events).toBe(1)
  await appendFile(path, 'plain text\n')
  await expect.poll(() => runFile.runs()[0]?.events).toBe(2)
  await appendFile(path, '---[ Linear Mapping start ]---\n')
  expect(await following).toMatchObject({
    interrupted: true,
    unreadable: 1,
    ended: expect.stringContaining('a dump of page tables') as string,
  })
  expect(runFile.runs()[0]).toMatchObject({ state: 'interrupted', events: 2 })
})

async function* from(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

test('a pipe that is followed and closed ends an interrupted run, unless the capture said that it was whole', async () => {
  const events = clocked(1, 'isb__a: (x)')
  const follow = { created: 0, follow: true }
  const cut = await importStream(runFile, from(events), 'a pipe', follow)
  expect(cut).toMatchObject({ interrupted: true, ended: 'the pipe was closed' })
  const whole = await importStream(
    runFile,
    from(`${events}# pagetrail: lost 0\n`),
    'a pipe',
    follow,
  )
  expect(whole).toMatchObject({ interrupted: false, ended: null })
})

test('a pipe by its path is opened once, so that nothing of it is lost', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const importing = importInput(runFile, path, 'auto', { created: CREATED })
  const writing = await open(path, 'w')
  await writing.writeFile(gzipSync(demoCapture('modules_small-6.17.13')))
  await writing.close()
  expect(await importing).toMatchObject({ format: 'trace', report: { entries: 2068 } })
})

test('the signal ends an import that waits for a pipe', async () => {
  const stop = new AbortController()
  const pipe = new PassThrough()
  pipe.write(lines('isb__a: (x)'))
  const importing = importStream(runFile, pipe, 'stdin', { created: CREATED, signal: stop.signal })
  await expect.poll(() => runFile.runs()).toHaveLength(1)
  stop.abort()
  expect(await importing).toMatchObject({ entries: 1, interrupted: true })
})

test('a packed file cannot be followed', async () => {
  const path = file('a.gz', gzipSync(lines('isb__a: (x)')))
  await expect(load(path, { follow: true })).rejects.toThrow('cannot be followed')
})
