import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'

test('prints the script for a kernel', async () => {
  const { status, out, err } = await pagetrail(['capture-script', '--kernel', '7.3'])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toMatch(/^#!\/bin\/sh\n/)
  expect(out).toContain('p:pageattr_pte_entry pageattr_pte_entry ')
  expect(out).not.toContain('change_page_range')
})

test('--json wraps the script', async () => {
  const { out } = await pagetrail(['capture-script', '--kernel', '6.12', '--json'])
  const [header, script, end] = jsonLines(out)
  expect(header).toMatchObject({ type: 'header', verb: 'capture-script', kernel: '6.12' })
  expect(script?.['text']).toContain('p:change_page_range')
  expect(end).toEqual({ type: 'end', rows: 1, complete: true })
})

test('needs a kernel that it knows', async () => {
  const none = await pagetrail(['capture-script'])
  expect(none).toMatchObject({ status: 2, out: '' })
  expect(none.err).toContain('say which kernel: --kernel VERSION, or --vmlinux FILE')
  const wrong = await pagetrail(['capture-script', '--kernel', '5.10'])
  expect(wrong.status).toBe(2)
  expect(wrong.err).toContain('there are no probes for 5.10: 6.1 is the oldest kernel')
})

test('a neighbour is named as what it is', async () => {
  const { status, out, err } = await pagetrail([
    'capture-script',
    '--kernel',
    '6.16.12+deb13-cloud-arm64',
  ])
  expect(status).toBe(0)
  expect(err).toContain('6.16 gets the probes of 6.17')
  expect(out).toContain("series='6.16'")
})

test('names of another tree', async () => {
  const { out } = await pagetrail([
    'capture-script',
    '--kernel',
    '6.18',
    '--map',
    'set_memory_ro=my_ro',
  ])
  expect(out).toContain('p:set_memory_ro my_ro addr=')
  const wrong = await pagetrail([
    'capture-script',
    '--kernel',
    '6.18',
    '--map',
    'set_memory_rp=my_ro',
  ])
  expect(wrong.status).toBe(2)
  expect(wrong.err).toContain('set_memory_rp is not probed, did you mean set_memory_ro?')
})

test('a vmlinux that is not one is refused', async () => {
  const missing = await pagetrail(['capture-script', '--vmlinux', '/nowhere/vmlinux'])
  expect(missing.status).toBe(2)
  expect(missing.err).toContain('/nowhere/vmlinux: cannot be read: ENOENT')
  const other = await pagetrail(['capture-script', '--vmlinux', process.execPath])
  expect(other.status).toBe(2)
  expect(other.err).toMatch(/is not a vmlinux|reads aarch64/)
})
