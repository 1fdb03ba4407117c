import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import {
  makeProbe,
  specOf,
} from '../../../../packages/recorder/src/import/translate/probe-table.ts'

const definitions = (kernel: string): string[] =>
  readFileSync(
    new URL(`../../../fixtures/capture/kprobe_events-${kernel}.txt`, import.meta.url),
    'utf8',
  )
    .split('\n')
    .filter((line) => /^[pr]:/.test(line))

describe.each(['6.12', '6.17', '6.18', '7.3'])('the portable probes of %s', (kernel) => {
  test.each(definitions(kernel))('%s', (definition) => {
    const [, type, name] = /^([pr]):kperm\/(\S+)/.exec(definition)!
    const spec = specOf(name!)
    expect(spec.role).not.toBe('unknown')
    expect(spec.role === 'return').toBe(type === 'r')
    if (type !== 'r') return
    expect(specOf(spec.fn).role).toBe(spec.of)
    expect(Object.keys(spec.fields)).toContain('ret')
  })
})

test.each([
  ['flush_kernel_range_call__change_memory_common_2', 'flush', 'change_memory_common'],
  ['flush_kernel_range_done__set_memory_enc_dec_3', 'flush_done', 'set_memory_enc_dec'],
  ['dsb_ish__purge_vmap_area_lazy_2', 'dsb', 'purge_vmap_area_lazy'],
  ['isb__secretmem_fault', 'isb', 'secretmem_fault'],
  ['lazy_queue__pageattr_pte_entry', 'queue', 'pageattr_pte_entry'],
  ['pageattr_pmd_entry_store', 'store', 'pageattr_pmd_entry'],
  ['vfree_store', 'unknown', 'vfree_store'],
  ['other_ret', 'unknown', 'other_ret'],
  ['toString', 'unknown', 'toString'],
  ['', 'unknown', ''],
])('%s is %s of %s', (name, role, fn) => {
  expect(specOf(name)).toMatchObject({ role, fn })
})

test('a TLBI keeps its mnemonic; names inside functions have no leading underscores', () => {
  const names: string[] = []
  const intern = (text: string) => names.push(text) - 1
  expect(makeProbe('tlbi_rvaale1is__secretmem_fault', intern)).toMatchObject({
    role: 'tlbi',
    insn: 'rvaale1is',
    insnId: 2,
  })
  expect(makeProbe('__apply_to_page_range', intern).bare).toBe('apply_to_page_range')
})
