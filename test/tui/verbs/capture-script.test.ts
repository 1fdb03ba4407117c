import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'

test('prints the script for a kernel', async () => {
  const { status, out, err } = await pagetrail(['capture-script', '--kernel', '7.3'])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toMatch(/^#!\/bin\/sh\n/)
  expect(out).toContain('p:kperm/pageattr_pte_entry pageattr_pte_entry ')
  expect(out).not.toContain('change_page_range')
})

test('--json wraps the script', async () => {
  const { out } = await pagetrail(['capture-script', '--kernel', '6.12', '--json'])
  const [header, script, end] = jsonLines(out)
  expect(header).toMatchObject({ type: 'header', verb: 'capture-script', kernel: '6.12' })
  expect(script?.['text']).toContain('p:kperm/change_page_range')
  expect(end).toEqual({ type: 'end', rows: 1, complete: true })
})

test('needs a kernel that it knows', async () => {
  const none = await pagetrail(['capture-script'])
  expect(none).toMatchObject({ status: 2, out: '' })
  expect(none.err).toContain("required option '--kernel <version>' not specified")
  const wrong = await pagetrail(['capture-script', '--kernel', '5.10'])
  expect(wrong.status).toBe(2)
  expect(wrong.err).toContain('6.12, 6.17, 6.18, 7.3')
})
