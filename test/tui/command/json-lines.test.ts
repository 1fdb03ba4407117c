import { expect, test } from 'vitest'
import { JsonLines } from '../../../packages/tui/src/command/json-lines.ts'
import { Output } from '../../../packages/tui/src/command/output.ts'
import { VERBS } from '../../../packages/tui/src/verbs/program/verb-table.ts'
import { memoryIo, pagetrail } from '../../support/cli.ts'
import { capture, recordDemo } from '../../support/demo.ts'
import { otherForms, wideValues } from '../../support/json-values.ts'

test('a header, data with 64-bit values as 0x…, an end that counts', async () => {
  const { io, out } = memoryIo()
  const output = new Output(io.stdout)
  const lines = new JsonLines(output, 'show', { run: 3 })
  lines.data('event', { va: 0xffff_8000_0000_0000n, signed: -1n, ts: null, nested: [{ x: 5n }] })
  lines.end(false, { why: 'lost' })
  await output.flush()
  expect(out().split('\n')).toEqual([
    '{"type":"header","format":1,"verb":"show","run":3}',
    '{"type":"event","va":"0xffff800000000000","signed":"0xffffffffffffffff","ts":null,"nested":[{"x":"0x5"}]}',
    '{"type":"end","rows":1,"complete":false,"why":"lost"}',
    '',
  ])
})

/** Of runs 1 and 2 of the demo; `wide`: 64-bit values are among what it prints. */
const PRINTED: readonly (readonly [command: string, wide?: 'wide'])[] = [
  ['show 1 16 --json', 'wide'],
  ['replay 1 --json', 'wide'],
  ['state 1 --json', 'wide'],
  ['why 1 ffff8000801ff000 --json', 'wide'],
  ['diff 1 2 --json', 'wide'],
  ['diff 1 2 --json --detail --calls-list', 'wide'],
  ['check 1 --json', 'wide'],
  ['check 1 --json --detail', 'wide'],
  ['check 1 --format sarif', 'wide'],
  ['check 2 --format sarif', 'wide'],
  ['report 1 2 --json'],
  ['info 1 --json'],
  ['runs --json'],
  ['verify --json'],
  ['scenarios --json'],
  ['scenarios clean-ro', 'wide'],
  ['sql --json "select * from desc_write"', 'wide'],
  ['export 1', 'wide'],
  ['export 1 --format chrome', 'wide'],
  ['export 1 2 --format chrome', 'wide'],
  ['export --all --summary'],
  ['explore owners-plain --flavour 6.18 --json'],
  ['record clean-ro --flavour 7.3 --json'],
  ['import CAPTURE --json'],
  ['check -1 --json --detail', 'wide'],
  ['conform CAPTURE --json'],
  ['rename 1 other --json'],
  ['rm 2 --json'],
]

test('everything that is printed as JSON has one form of 64-bit values', async () => {
  const db = ['--db', await recordDemo('6.17,6.18')]
  const path = capture('6.18.15')
  for (const [command, wide] of PRINTED) {
    const words = command.match(/"[^"]*"|\S+/g) ?? []
    const argv = words.map((word) => word.replaceAll('"', '').replace('CAPTURE', path))
    const { out, status, err } = await pagetrail([...argv, ...db])
    expect([0, 1, 3], `${command}: ${err}`).toContain(status)
    expect(otherForms(out), command).toEqual([])
    expect(wideValues(out) > 0, command).toBe(wide === 'wide')
  }
})

test('no verb prints JSON that is not looked at', () => {
  // These print none, or need a kernel tree.
  const without = ['tree', 'patch', 'tui', 'capture-script']
  const looked = new Set(PRINTED.map(([command]) => command.split(' ')[0]))
  const names = VERBS.map(({ name }) => name)
  expect(names.filter((name) => !looked.has(name)).toSorted()).toEqual(without.toSorted())
})

test.each([
  ['{"va":18446603338370772992}', ['18446603338370772992', 'va: 18446603338370773000']],
  ['{"va":"ffff8000801ff000"}', ['va: "ffff8000801ff000"']],
  ['{"old":["0x0068","0xAB"]}', ['old: "0x0068"', 'old: "0xAB"']],
  ['{"n":"18446603338370772992"}', ['n: "18446603338370772992"']],
  ['{"va":"0xffff8000801ff000"}\n{"n":1}\nwords', []],
])('another form is seen: %s', (text, wrong) => {
  expect(
    otherForms(text).map((value) => value.replace(/^\d{16,}$/, '18446603338370772992')),
  ).toEqual(wrong)
})
