import { expect, test } from 'vitest'

import { FtraceLine } from '../../../../packages/recorder/src/import/text/ftrace-line.ts'
import { CONTEXT_NAMES } from '../../../../packages/recorder/src/import/translate/task-stack.ts'

function read(text: string) {
  const bytes = new TextEncoder().encode(text)
  const line = new FtraceLine()
  line.read(bytes, 0, bytes.length)
  const part = (start: number, end: number) => text.slice(start, end)
  return {
    task: part(line.taskStart, line.taskEnd),
    cpu: line.cpu,
    context: CONTEXT_NAMES[line.context] ?? 'not shown',
    time: [line.seconds, line.fraction],
    name: part(line.nameStart, line.nameEnd),
    rest: part(line.rest, text.length),
  }
}

test('ftrace', () => {
  expect(
    read('          insmod-272     [001] d..1.    16.417416: set_memory_ro: (a+0x0/0x38) addr=0x1'),
  ).toEqual({
    task: 'insmod-272',
    cpu: 1,
    context: 'task',
    time: [16, 417_416_000],
    name: 'set_memory_ro',
    rest: '(a+0x0/0x38) addr=0x1',
  })
})

test.each([
  ['          <idle>-0       [001] dNs2.', '<idle>-0', 1, 'softirq'],
  ['           <...>-1234567 [255] d.h1.', '<...>-1234567', 255, 'irq'],
  [' kworker/R-tls-s-12      [000] d.H1.', 'kworker/R-tls-s-12', 0, 'irq'],
  ['     my -1 task-99      [000] D....', 'my -1 task-99', 0, 'bh_off'],
  ['     a [001] b -7-3      [012] b....', 'a [001] b -7-3', 12, 'bh_off'],
  ['          insmod-272   (    272) [000] d..1.', 'insmod-272', 0, 'task'],
  ['          insmod-272   (-------) [000] d..1', 'insmod-272', 0, 'task'],
  ['          insmod-272     [000]', 'insmod-272', 0, 'not shown'],
])('columns before the time: %j', (columns, task, cpu, context) => {
  expect(read(`${columns}     5.000001: vfree: (x)`)).toMatchObject({
    task,
    cpu,
    context,
    name: 'vfree',
  })
})

test('trace-cmd report pads the name and prints bare addresses', () => {
  expect(
    read(
      '          insmod-486   [001] d....    68.701897: set_memory_ro:        (ffff80008003af78) addr=0x1',
    ),
  ).toMatchObject({
    task: 'insmod-486',
    name: 'set_memory_ro',
    rest: '(ffff80008003af78) addr=0x1',
  })
})

test('perf script parts task and pid with spaces, and names the group', () => {
  expect(
    read(
      '          insmod   486 [001]    68.701897: kperm:set_memory_ro: (ffff80008003af78) addr=0x1',
    ),
  ).toMatchObject({ task: 'insmod   486', cpu: 1, context: 'not shown', name: 'set_memory_ro' })
  expect(read('two words  486/487 [001] 68.701897: kperm:vfree: (x)').task).toBe(
    'two words  486/487',
  )
})

test.each([
  ['1.5:', [1, 500_000_000]],
  ['123456.123456789:', [123_456, 123_456_789]],
  ['123456789:', [123_456_789, -1]],
])('time %s', (time, expected) => {
  expect(read(`          insmod-272     [000] ..... ${time} vfree: (x)`).time).toEqual(expected)
})

test.each([
  ['', 'task-pid'],
  ['nonsense', 'task-pid'],
  ['          insmod-272     000] d..1.    16.417416: a: ', 'task-pid'],
  ['          insmod-272     [99999] d..1.    16.417416: a: ', '[cpu]'],
  ['          insmod-272     [000', '[cpu]'],
  ['          insmod-272     [000] d.    16.417416: a: ', 'flags'],
  ['          insmod-272     [000] d..1.    16,417416: a: ', 'a time'],
  ['          insmod-272     [000] d..1.    16.: a: ', 'a time'],
  ['          insmod-272     [000] d..1.    16.1234567890: a: ', 'a time'],
  ['          insmod-272     [000] d..1.    16.417416', 'a time'],
  ['          insmod-272     [000] d..1.    16.417416:', "an event's name"],
  ['          insmod-272     [000] d..1.    16.417416: name', "an event's name"],
  ['          insmod-272     [000] d..1.    16.417416: : (x)', "an event's name"],
])('%j is refused: expected %s', (text, expected) => {
  expect(() => read(text)).toThrow(`expected ${expected}`)
})

test('what is shown of a bad line cannot drive a terminal', () => {
  expect(() => read('\u001b[2Jnonsense\u0007')).toThrow(String.raw`'\x1b[2Jnonsense\x07'`)
})
