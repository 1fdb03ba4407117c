import { expect, test } from 'vitest'

import { FtraceLine } from '../../../../packages/recorder/src/import/text/ftrace-line.ts'
import { TextFields } from '../../../../packages/recorder/src/import/text/text-fields.ts'
import type { Task } from '../../../../packages/recorder/src/import/translate/task-stack.ts'
import { makeProbe } from '../../../../packages/recorder/src/import/translate/probe-table.ts'

const LINES = [
  '          insmod-290     [001] d..1.    27.845909: pageattr_pte_entry: (pageattr_pte_entry+0x0/0xa0) pte=0xffff0000ff9fbd88 addr=0xffff0000c19b1000 next=0xffff0000c19b2000 val=0x680001019b1707 set=0x80 clear=0x8000000000000',
  '          insmod-290     [001] d..1.    27.845909: set_memory_ro: (set_memory_ro+0x0/0x40) addr=0xffff80007a284000 numpages=1',
  '          insmod-290     [001] d..1.    27.845909: update_range_prot_ret: (change_memory_common+0x15c/0x1c0 <- update_range_prot) start=0xffff0000c19b1000 size=0x1000 ret=-22',
  '    kworker/u8:1-33      [000] .....     3.000001: walk_kernel_page_table_range_lockless: (walk_kernel_page_table_range_lockless+0x0/0xa8) start=0xffff00000df30000 end=0xffff00000df31000 ops=pageattr_ops+0x0/0x60 pgd=0x0 private=0xffff800082b1b718',
  '          insmod-290     [001] d..1.    27.845909: isb__update_range_prot: (update_range_prot+0xd0/0x160)',
]

/** What was read of a line, or why it was not. */
type Seen = Readonly<Record<string, unknown>> | string

/** Reads lines of one event, each as it does a trace; `expecting` false: none of them is expected. */
function reader(expecting: boolean): (text: string) => Seen {
  const probes = new Map<string, ReturnType<typeof makeProbe>>()
  let line = new FtraceLine()
  const fields = new TextFields()
  return (text) => {
    if (!expecting) line = new FtraceLine()
    const bytes = new TextEncoder().encode(text)
    const part = (start: number, end: number): string => text.slice(start, end)
    try {
      line.read(bytes, 0, bytes.length)
      const name = line.opening?.probe.name ?? part(line.nameStart, line.nameEnd)
      const probe = probes.get(name) ?? makeProbe(name, () => 0)
      probes.set(name, probe)
      fields.over(bytes, line.rest, bytes.length)
      const opening = expecting ? (line.opening ?? line.learn(probe, bytes, bytes.length)) : null
      if (probe.role !== 'unknown') fields.read(probe, opening, line.view)
      probe.count++
      const { cpu, context, seconds, fraction, rest, lacks } = line
      const task = line.task ?? taskOf(text)
      if (line.task === null) line.found(task)
      const values = [...fields.lo].map((lo, slot) =>
        fields.has(slot) ? [fields.hi[slot], lo] : null,
      )
      const { shape } = probe
      return {
        name,
        cpu,
        context,
        seconds,
        fraction,
        rest,
        lacks,
        shape,
        values,
        task: task.name,
      }
    } catch (error) {
      return String(error)
    }
  }
}

/** One for each pid. */
function taskOf(text: string): Task {
  const name = Number(/-(\d+)/.exec(text)?.[1])
  const known = TASKS.get(name) ?? { name, stacks: { idle: false, byCpu: [] } }
  TASKS.set(name, known)
  return known
}
const TASKS = new Map<number, Task>()

/** Each of its bytes another one, taken away, or doubled; and cut there. */
function* changed(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    for (const other of ' 0f9x=:[(>,#\t\r') yield text.slice(0, at) + other + text.slice(at + 1)
    yield text.slice(0, at) + text.slice(at + 1)
    yield text.slice(0, at) + text[at] + text.slice(at)
    yield text.slice(0, at)
  }
}

const NAMED = LINES.map((line) => [/ (\w+): \(/.exec(line)![1]!, line] as const)

test.each(NAMED)('a line not quite as the one that is expected is read as any: %s', (_, text) => {
  for (const other of changed(text)) {
    const [expecting, plain] = [reader(true), reader(false)]
    for (const read of [expecting, plain]) for (let n = 0; n < 3; n++) read(text)
    expect([other, expecting(other)]).toEqual([other, plain(other)])
    expect(expecting(text)).toEqual(plain(text))
  }
})

test('openings come in any order, on each CPU its own', () => {
  const read = reader(true)
  const plain = reader(false)
  const lines = LINES.flatMap((line) => [line, line.replace('[001]', '[003]')])
  for (let n = 0; n < 200; n++) {
    const line = lines[(n * n + (n >> 3)) % lines.length]!
    expect(read(line)).toEqual(plain(line))
  }
})

test('fields that always change are read as well', () => {
  const read = reader(true)
  for (let n = 0; n < 40; n++) expect(typeof read(`${LINES[1]!} f${n % 13}=0x1`)).toBe('object')
})
