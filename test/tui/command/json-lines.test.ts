import { expect, test } from 'vitest'
import { JsonLines } from '../../../packages/tui/src/command/json-lines.ts'
import { Output } from '../../../packages/tui/src/command/output.ts'
import { memoryIo } from '../../support/cli.ts'

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
