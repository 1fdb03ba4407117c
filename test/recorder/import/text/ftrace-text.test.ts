import { describe, expect, test } from 'vitest'

import { tracedFlavour } from '../../../../packages/recorder/src/import/translate/kernel-traits.ts'
import { capture, imported, lines, ofKind } from '../imported.ts'

const EVENT = 'isb__vunmap_range: (x)'
const at = (time: string) => `          insmod-272     [000] d..1. ${time}: ${EVENT}\n`

test('the header: tracer, CPUs, and what was overwritten before it was saved', () => {
  const { events, text, counts } = imported(
    `# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/449   #P:8\n#\n${lines(EVENT, EVENT)}`,
  )
  expect(text.header).toEqual({
    tracer: 'nop',
    entries: 2,
    written: 449,
    cpus: 8,
    capture: new Map(),
  })
  expect(events[0]).toMatchObject({ kind: 'gap', lost: 447, reason: 'buffer overrun' })
  expect(counts.lost).toBe(447)
})

test('what the capture script says of itself, before and after the events', () => {
  const { events, text, counts } = imported(
    `# pagetrail: capture 1\n# pagetrail: release 6.18.15\n# pagetrail: page-size 16384\n` +
      `${lines(EVENT, EVENT)}# pagetrail: missed set_memory_ro_ret 17\n`,
  )
  expect([...text.header.capture]).toEqual([
    ['capture', ['1']],
    ['release', ['6.18.15']],
    ['page-size', ['16384']],
    ['missed', ['set_memory_ro_ret 17']],
  ])
  expect(events.at(-1)).toMatchObject({
    kind: 'gap',
    lost: 17,
    reason: 'the kernel missed set_memory_ro_ret',
  })
  expect(counts.lost).toBe(17)
})

test('a file that ends before its last event says so', () => {
  const { events } = imported(
    `# entries-in-buffer/entries-written: 5/5   #P:1\n${lines(EVENT, EVENT)}`,
  )
  expect(events.at(-1)).toMatchObject({
    kind: 'gap',
    lost: 3,
    reason: 'file ends before its last event',
  })
})

test('a last line without its end is not believed', () => {
  const whole = lines(
    EVENT,
    'pageattr_pte_entry_store: (x) pte=0x1 before=0x2 after=0xe000004833c787',
  )
  const { events } = imported(whole.slice(0, -4))
  expect(events.map((e) => e.kind)).toEqual(['isb', 'gap'])
  expect(events[1]).toMatchObject({ reason: 'last line is torn', lost: 1 })
})

test('stacks: an event without a colon, and lines of functions', () => {
  const { events, text } = imported(
    `# entries-in-buffer/entries-written: 2/2   #P:1\n${lines('<stack trace>', EVENT)} => vfree\n=> kfree (ffff80008003af78)\n` +
      '\tffff80008003af78 set_memory_ro+0x0 ([kernel.kallsyms])\n',
  )
  expect(events).toMatchObject([
    { kind: 'ftrace', event: '<stack trace>', fields: {} },
    { kind: 'isb' },
  ])
  expect(text.entries).toBe(2)
  expect(imported(`${lines('<stack')}${lines(EVENT)}`).text.quoted).toMatchObject([{ line: 1 }])
})

test('lines that are no events', () => {
  const { events } = imported(
    `cpus=2\n\nversion = 7\nCPU 1 is empty\n${lines(EVENT)}##### CPU 1 buffer started ####\n => vfree\r\n` +
      `CPU:1 [LOST 3 EVENTS]\nCPU:0 [LOST EVENTS]\nCPU:0 [7 EVENTS DROPPED]\nCPU:0 [EVENTS DROPPED]\n`,
  )
  expect(events.map((e) => e.kind)).toEqual(['isb', 'gap', 'gap', 'gap', 'gap'])
  expect(ofKind(events, 'gap').map((e) => [e.cpu, e.lost])).toEqual([
    [1, 3],
    [0, null],
    [0, 7],
    [0, null],
  ])
})

test.each([
  ['# tracer: function_graph\n', 'current_tracer'],
  ['# tracer: nop\n# latency trace v1.1.5 on 6.18\n', 'latency-format'],
  ['not a trace\n', 'expected task-pid [cpu]'],
  [`${lines(EVENT)}garbage\n`, 'expected task-pid [cpu]'],
  [lines('isb__vunmap_range'), "expected an event's name"],
  [lines('isb__vunmap_range: nothing'), 'expected (place)'],
  [lines('vfree: (x addr=0x1'), 'expected ) after the place'],
  [lines('vfree: (x) addr=zzz'), "expected a number, found 'addr=zzz'"],
  [lines('vfree: (x) addr'), "expected name=value, found 'addr'"],
  [lines('vfree: (x)addr=0x1'), 'expected a space'],
  [
    `${lines(EVENT)}          a-1       [000] d..1. 17: isb__b: (x)\n`,
    'expected a time in seconds',
  ],
])('malformed: %j', (text, expected) => {
  expect(() => imported(text, 12, { strict: true })).toThrow(expected)
})

test('time counts from the first event; one before it is not turned into a later one', () => {
  const { events, text } = imported(at('10.000001') + at('12.5') + at('9.0') + at('10.000001002'))
  expect(events.map((e) => [e.kind, e.ts])).toEqual([
    ['isb', 0],
    ['isb', 2_499_999_000],
    ['gap', 2_499_999_000],
    ['isb', 0],
    ['isb', 2],
  ])
  expect([text.backwards, text.t0, text.clock]).toEqual([1, 10_000_001_000n, 'seconds'])
})

test('a clock that counts is no time: its ticks are kept as they are', () => {
  const { events, text } = imported(`          insmod-272     [000] d..1. 77: ${EVENT}\n`)
  expect(events[0]).toMatchObject({ ts: null, free: { x_ticks: 77 } })
  expect([text.t0, text.clock]).toEqual([null, 'ticks'])
})

test('a clock that ran before its zero wraps at 2^64 ns', () => {
  const { events, text } = imported(at('18446744073.709551000') + at('0.000000384'))
  expect(events.map((e) => e.ts)).toEqual([0, 1_000])
  expect(text.t0).toBe(-616n)
})

const head = (n: number) => `# entries-in-buffer/entries-written: ${n}/${n}   #P:2\n`

describe('what stands between and around events', () => {
  const WHOLE = lines(EVENT, EVENT)

  test.each([
    ['a mark of UTF-8', `\ufeff# tracer: nop\n${WHOLE}`],
    ['quoted in a mail', `> # tracer: nop\n${WHOLE.replace(/^/gm, '> ').slice(0, -2)}`],
    ['quoted twice', WHOLE.replace(/^/gm, '>> ').slice(0, -3)],
    ['indented by tabs', WHOLE.replace(/^/gm, '\t\t').slice(0, -2)],
    [
      'stacks of user space',
      `${lines(EVENT, '<user stack trace>')} => /bin/loader[+0x5a310]\n =>  <0000aaaab4ce45b0>\n`,
    ],
    [
      'frames of perf',
      `${lines(EVENT)}\t               0 [unknown] ([unknown])\n\t     5cc main+0x9c (/bin/x)\n\n${lines(EVENT)}`,
    ],
    [
      'perf’s records of tasks',
      `${lines(EVENT)}  b 20006 [001]  17.0: PERF_RECORD_COMM: b:20006/20006\n${lines(EVENT)}`,
    ],
  ])('%s', (_, text) => {
    const { text: reader } = imported(text)
    expect([reader.entries, reader.unreadable]).toEqual([2, 0])
  })

  test('text of a marker that holds line feeds is one text', () => {
    const { events } = imported(`${lines('tracing_mark_write: one')}two\n\nthree\n${lines(EVENT)}`)
    expect(events).toMatchObject([{ kind: 'note', text: 'one\ntwo\nthree' }, { kind: 'isb' }])
  })

  test('what a module prints names the module', () => {
    const { events } = imported(lines('my_init [pgtest]: about to protect'))
    expect(events).toMatchObject([{ kind: 'ftrace', event: 'my_init [pgtest]' }])
  })

  test('losses that perf records are counted, on their CPU', () => {
    const { events, counts } = imported(
      `${lines(EVENT)}               b 20006 [001]  3256.317056: PERF_RECORD_LOST lost 290\n`,
    )
    expect(events.at(-1)).toMatchObject({ kind: 'gap', cpu: 1, lost: 290 })
    expect(counts.lost).toBe(290)
  })

  test('a page of systrace: what is in its element of class trace-data', () => {
    const page = `<!DOCTYPE html>\n<html>\n<script>var a = 1\n</script>\n<script class="trace-data" type="application/text">\n# tracer: nop\n${WHOLE}</script>\nnot read\n</html>\n`
    expect(imported(page).text.entries).toBe(2)
  })

  test('a line that cannot be read is an event, with its number and the reason', () => {
    const { events, text } = imported(`root@host:~# cat trace\n${WHOLE}root@host:~# \n`)
    expect(events[0]).toMatchObject({
      kind: 'unreadable',
      line: 1,
      text: 'root@host:~# cat trace',
      reason: "expected task-pid [cpu] …, found 'root@host:~# cat trace'",
    })
    expect(text.unreadable).toBe(2)
    expect(text.quoted.map(({ line }) => line)).toEqual([1, 4])
  })

  test('a text with hardly a line that can be read is not a trace', () => {
    expect(() => imported('prose\n'.repeat(300))).toThrow('this is not a trace')
    expect(() => imported(`${'prose\n'.repeat(30)}${WHOLE}`)).toThrow('this is not a trace')
    expect(imported(`${'prose\n'.repeat(10)}${WHOLE}`).text.unreadable).toBe(10)
    // Not all of it is read to know that.
    expect(() => imported(WHOLE + 'prose\n'.repeat(100_100))).toThrow('(100000 could not)')
  })

  test('lines of blanks say nothing, however many', () => {
    const blank = imported(WHOLE + ' \t \n\n   \n'.repeat(1000))
    expect(blank.events).toEqual(imported(WHOLE).events)
    expect(blank.text.unreadable).toBe(0)
  })

  test('a last line without its line feed is whole where the header counts it', () => {
    const cut = lines(EVENT, EVENT).slice(0, -1)
    expect(imported(head(2) + cut).text.entries).toBe(2)
    expect(imported(head(3) + cut).counts.lost).toBe(2)
  })
})

const columns = (text: string) => {
  const { events } = imported(text)
  const { kind, cpu, task, ts } = events[0]!
  return { kind, cpu, task, ts }
}

describe('columns in other places', () => {
  const begin = { kind: 'op_begin', ts: 0 }

  test.each([
    [
      'trace-cmd report -l',
      '  loader-77       0d....     1.0: set_memory_ro:  (x+0x0/0x40) addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
    [
      'trace-cmd report --ts-diff',
      '          loader-77    [000]     1.0: (+10)   set_memory_ro:  (x) addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
    [
      'trace-cmd report -R',
      '          loader-77    [000]     1.0: set_memory_ro:  __probe_ip=0x1 addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
    [
      'perf with a period',
      'loader    77 [000]     1.0:          1 kperm:set_memory_ro: (ffff8) addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
    [
      'perf without a CPU',
      'loader    77     1.0: kperm:set_memory_ro: (ffff8) addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
    [
      'perf with the place before it',
      'loader    77 [000]     1.0: kperm:set_memory_ro:  ffff800080123450 set_memory_ro+0x0 ([kernel.kallsyms]) (ffff800080123450) addr=0xffff8000810a0000 numpages=1',
      'loader-77',
    ],
  ])('%s', (_, line, task) => {
    expect(columns(`${line}\n`)).toEqual({ ...begin, cpu: 0, task })
    expect(imported(`${line}\n`).events[0]).toMatchObject({
      va: 0xffff8000810a0000n,
      args: { numpages: 1 },
    })
  })
})

test.each([
  [
    'function',
    '          loader-77      [000] d....    1.000000: set_memory_ro <-do_thing\n',
    'the function tracer',
  ],
  ['function_graph', ' 0)   1.234 us    |  set_memory_ro();\n', 'the function_graph tracer'],
  ['ptdump', '---[ Linear Mapping start ]---\n', 'a dump of page tables'],
  [
    'ptdump lines',
    '0xffff000000000000-0xffff000000200000           2M PMD\n',
    'a dump of page tables',
  ],
  ['atrace', 'TRACE:\nx\x9c\n', 'a packed capture of atrace'],
])('%s is refused as what it is', (_, text, what) => {
  expect(() => imported(text)).toThrow(what)
})

test('perf script', () => {
  const { events } = imported(
    '          insmod   486 [001]    68.701897: kperm:set_memory_ro: (ffff80008003af78) addr=0xffff80007a114000 numpages=1\n' +
      '          insmod   486 [001]    68.701898: kperm:set_memory_ro_ret: (ffff80008003af78 <- ffff80008003af00) addr=0xffff80007a114000 numpages=1 ret=0\n',
  )
  expect(events).toMatchObject([
    { kind: 'op_begin', task: 'insmod-486', cpu: 1, fn: 'set_memory_ro', ts: 0 },
    { kind: 'op_end', ret: 0, ts: 1000 },
  ])
})

test('nothing is lost of a real overrun: gap, returns without entries, stores without callbacks', () => {
  const { events, counts, translation } = imported(capture('boot-overrun-7.3'))
  expect(events[0]).toMatchObject({ kind: 'gap', lost: 276 })
  expect(counts.kinds).toEqual({ desc_write: 171, gap: 3, span_end: 2 })
  expect(ofKind(events, 'desc_write').every((e) => e.va === null)).toBe(true)
  expect(counts.unpaired).toBe(2)
  expect(tracedFlavour(translation, counts)).toBe('7.3')
})

test('lines of several buffers: one is read, the others are named', () => {
  const own = lines(EVENT)
  const other = lines(EVENT, EVENT).replace(/^ {4}/gm, 'two:')
  const first = imported(`${own}${other}`)
  expect([first.text.entries, [...first.text.otherBuffers]]).toEqual([1, ['two']])
  const second = imported(`${own}${other}`, 12, { buffer: 'two' })
  expect(() => imported(`${own}${other}`, 12, { buffer: 'three' })).toThrow(
    'there is no buffer three; it has "" (the top one), two',
  )
  expect([second.text.entries, [...second.text.otherBuffers]]).toEqual([2, ['']])
  const guests = imported(`${other}${own.replace(/^ {5}/gm, 'host:')}`)
  expect([guests.text.entries, [...guests.text.otherBuffers]]).toEqual([2, ['host']])
})

test('a line that lacks a field which the event had before is torn, and no event', () => {
  const whole = 'change_page_range: (x) pte=0x1 addr=0x1000 val=0xe8000047f83703 set=0x80 clear=0x8'
  const { events, text } = imported(
    lines(whole, whole.slice(0, whole.indexOf(' set')), 'isb__b: (x)'),
  )
  expect(events.map(({ kind }) => kind)).toEqual(['cb_enter', 'unreadable', 'isb', 'gap'])
  expect(text.quoted).toMatchObject([{ line: 2 }])
  expect(() => imported(lines(whole, 'change_page_range: (x) '), 12, { strict: true })).toThrow(
    'expected pte=, addr=, val=, set=, clear= as in the lines before',
  )
  // What the kernel could not read it has printed all the same.
  const faulty = whole.replace('0xe8000047f83703', '(fault)')
  expect(imported(lines(whole, faulty)).text.unreadable).toBe(0)
})

const CALL = [
  'set_memory_ro: (x) addr=0xffff80007a284000 numpages=1',
  'set_memory_ro_ret: (y <- x) addr=0xffff80007a284000 numpages=1 ret=0',
]
const HEADER = '# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/2   #P:1\n#\n'

describe('a text that came through other hands', () => {
  const plain = `${HEADER}${lines(...CALL)}`
  const whole = imported(plain).events
  test.each([
    ['indented', plain.replace(/^/gm, '    ')],
    ['indented by a tab', plain.replace(/^ */gm, '\t')],
    ['tabs for spaces', plain.replace(/ +/g, '\t')],
    ['a tab before the time', plain.replace(/ +(?=\d+\.)/g, '\t')],
    ['lines of blanks in between', plain.replaceAll('\n', '\n   \n')],
    ['squeezed spaces', plain.replace(/ +/g, ' ')],
    ['quoted twice, with line ends of DOS', plain.replace(/^/gm, '>> ').replaceAll('\n', '\r\n')],
  ])('%s', (_, text) => {
    const { events, text: read } = imported(text)
    expect(events).toEqual(whole)
    expect([read.unreadable, read.header.entries]).toEqual([0, 2])
  })

  test('a prompt after a marker is no text of it, and neither is half a line', () => {
    const marker = lines('tracing_mark_write: wl: end')
    const { events, text } = imported(
      `${marker}more of it\nroot@host:~# \n${marker}insmod-1 [000] d..1. 1.000000: set_mem\n`,
    )
    expect(events.map(({ kind }) => kind)).toEqual(['note', 'unreadable', 'note', 'unreadable'])
    expect(events[0]).toMatchObject({ text: 'wl: end\nmore of it' })
    expect(text.quoted.map(({ line }) => line)).toEqual([3, 5])
  })

  test('one strange line makes no other text of it', () => {
    const { text } = imported(`${HEADER}${lines(...CALL)}1 2 3 abc def\n`)
    expect([text.entries, text.unreadable]).toEqual([2, 1])
    expect(() => imported(`1 2 3 abc def\n${lines(...CALL)}`)).toThrow('the raw format')
  })
})

test.each([
  ['\n\n', 'hardly a line'],
  ['[{"a": 1', 'hardly a line'],
  ['insmod 161 [000] kperm:vfree: (x) addr=0x1\n', '-F +time'],
  ['insmod [000]  9.139564:  1 kperm:vfree: (x) addr=0x1\n', '-F +tid'],
])('nothing of a trace is in %j', (text, message) => {
  expect(() => imported(text)).toThrow(message)
})

test('an empty trace has its header, and is one', () => {
  expect(imported('# tracer: nop\n#\n').text.entries).toBe(0)
  expect(imported('cpus=2\n').text.entries).toBe(0)
})
