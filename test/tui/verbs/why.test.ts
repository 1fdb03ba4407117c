import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture, recordDemo } from '../../support/demo.ts'

test('tells the events that made a descriptor, each with what was around it', async () => {
  const args = ['why', '1', '0xffff8000801ff000', '--db', await recordDemo('6.18')]
  const { status, out } = await pagetrail(args)
  expect(status).toBe(0)
  expect(out).toContain('pte 0x68000500000703 at the start: page 0x500000000 rw-')
  expect(out).toContain('pte 0x68000500000703 → 0x60000500000783')
  expect(out).toContain('set_memory_ro')
  const before = await pagetrail([...args, '--at', '4'])
  expect(before.out).not.toContain('→ 0x60000500000783')
  const lines = jsonLines((await pagetrail([...args, '--json'])).out)
  expect(lines.filter((line) => line['type'] === 'step')).toMatchObject([
    { event: { kind: 'init' }, now: '0x68000500000703' },
    { event: { kind: 'desc_write' }, old: '0x68000500000703', now: '0x60000500000783' },
  ])
})

test('an address that a real trace never showed is unknown: 3', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', capture('6.18.15'), '--db', db])
  const { status, out } = await pagetrail(['why', '1', '0xffffffffffff0000', '--db', db])
  expect(status).toBe(3)
  expect(out).toContain('what is mapped there was never seen')
})

test('an address that is none is refused', async () => {
  const { status, err } = await pagetrail(['why', '1', 'here', '--db', await recordDemo('6.18')])
  expect(status).toBe(2)
  expect(err).toContain('It must be an address such as ffff800080000000 or 0xffff800080000000.')
})

test.each(['ffff8000801ff000', 'FFFF8000801FF000', '0xFFFF8000801ff000', '18446603338370772992'])(
  'an address as it is printed: %s',
  async (address) => {
    const { status, out } = await pagetrail(['why', '1', address, '--db', await recordDemo('6.18')])
    expect(status).toBe(0)
    expect(out.split('\n')[0]).toMatch(/^0xffff8000801ff000 after event /)
  },
)
