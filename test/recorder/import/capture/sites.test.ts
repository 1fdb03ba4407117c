import { describe, expect, test } from 'vitest'
import {
  type Disassembled,
  functionsOf,
} from '../../../../packages/recorder/src/import/capture/disassembly.ts'
import {
  callsFlush,
  isWatched,
  sitesIn,
} from '../../../../packages/recorder/src/import/capture/sites.ts'

/** Listings in the form of objdump, written for these tests: the sequences are those that a compiler makes. */
function listing(name: string, ...code: readonly string[]): string[] {
  const start = 0xffff800080010000n
  const body = code.map((text, i) => `${(start + BigInt(4 * i)).toString(16)}:\t${text}`)
  return [`${start.toString(16)} <${name}>:`, ...body, '']
}

async function found(...lines: readonly string[]): Promise<ReturnType<typeof sitesIn>> {
  const functions: Disassembled[] = []
  for await (const fn of functionsOf(each(lines), isWatched, callsFlush)) functions.push(fn)
  return sitesIn(functions)
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

describe('a leaf callback', () => {
  const callback = listing(
    'pageattr_pte_entry',
    'ldr\tx5, [x0]',
    'mov\tx19, x0',
    'str\tx5, [sp, #24]',
    'str\tx1, [x19]',
    'mov\tx1, #0x80000000            \t// #2147483648',
    'stset\tx1, [x0]',
    'dsb\tishst',
    'isb',
    'ret',
  )

  test('its store goes through the first argument, wherever that was moved', async () => {
    const { definitions, missing } = await found(...callback)
    expect(definitions).toEqual([
      'p:pageattr_pte_entry_store pageattr_pte_entry+0xc pte=%x19:x64 before=+0(%x19):x64 after=%x1:x64',
      'p:lazy_queue__pageattr_pte_entry pageattr_pte_entry+0x14 mask=%x1:x64 flags=+0(%x0):x64',
      'p:dsb_ishst__pageattr_pte_entry pageattr_pte_entry+0x18',
      'p:isb__pageattr_pte_entry pageattr_pte_entry+0x1c',
    ])
    expect(missing).toEqual([
      'TLB flushes: no call of flush_tlb_kernel_range() and no tlbi in any function that is watched',
    ])
  })

  test('a register that no longer holds the argument is no pointer to the entry', async () => {
    const lines = listing(
      'change_page_range',
      'mov\tx3, x0',
      'mov\tx3, x9',
      'str\tx1, [x3]',
      'dsb\tishst',
    )
    const { definitions, missing } = await found(...lines)
    expect(definitions).toEqual(['p:dsb_ishst__change_page_range change_page_range+0xc'])
    expect(missing).toContain('the store in change_page_range(): no str through its first argument')
  })
})

test('two thread flags: the one that is tested and cleared is the pending barrier', async () => {
  const { definitions } = await found(
    ...listing(
      'update_range_prot',
      'mov\tx1, #0x40000000',
      'stset\tx1, [x0]',
      'mov\tx2, #0x80000000',
      'ldclral\tx2, x2, [x1]',
      'dsb\tishst',
      'isb',
      'mov\tx2, #0x40000000',
      'stclr\tx2, [x1]',
    ),
  )
  expect(definitions).toEqual([
    'p:lazy_enter__update_range_prot update_range_prot+0x4 mask=%x1:x64 flags=+0(%x0):x64',
    'p:lazy_test_pending__update_range_prot update_range_prot+0xc mask=%x2:x64 flags=+0(%x1):x64',
    'p:dsb_ishst__update_range_prot update_range_prot+0x10',
    'p:isb__update_range_prot update_range_prot+0x14',
    'p:lazy_leave__update_range_prot update_range_prot+0x1c mask=%x2:x64 flags=+0(%x1):x64',
  ])
})

test('a counter of one byte; a leave that is a call leaves its barrier unseen', async () => {
  const { definitions, missing } = await found(
    ...listing(
      'split_kernel_leaf_mapping',
      'ldrb\tw1, [x0, #3360]',
      'add\tw1, w1, #0x1',
      'strb\tw1, [x0, #3360]',
      'bl\tffff800080054900 <lazy_mmu_mode_disable>',
      'strb\twzr, [x0, #3360]',
      'strb\twzr, [x0, #8]',
    ),
  )
  expect(definitions).toEqual([
    'p:lazy_enter__split_kernel_leaf_mapping split_kernel_leaf_mapping+0x8 count=%x1:u8',
    'p:lazy_leave__split_kernel_leaf_mapping split_kernel_leaf_mapping+0xc',
    'p:lazy_leave__split_kernel_leaf_mapping_2 split_kernel_leaf_mapping+0x10',
  ])
  expect(missing).toContain(
    'the barrier that ends a lazy MMU section in split_kernel_leaf_mapping(): it is in a function of its own',
  )
})

test('flushes: calls in any function, instructions in those that are watched, copies by their own symbol', async () => {
  const { definitions } = await found(
    ...listing('arena_free', 'bl\tffff8000803c0de0 <flush_tlb_kernel_range>', 'tlbi\tvmalle1is'),
    ...listing('somewhere_else', 'tlbi\tvmalle1is', 'bl\tffff8000803c0de0 <flush_tlb_all>'),
    ...listing(
      'vunmap_range.part.0',
      'dsb\tishst',
      'tlbi\tvaale1is, x2',
      'tlbi\tvale1is, xzr',
      'dsb\tish',
    ),
  )
  expect(definitions).toEqual([
    'p:flush_kernel_range_call__arena_free arena_free+0x0 start=%x0:x64 end=%x1:x64',
    'p:flush_kernel_range_done__arena_free arena_free+0x4',
    'p:dsb_ishst__vunmap_range vunmap_range.part.0+0x0',
    'p:tlbi_vaale1is__vunmap_range vunmap_range.part.0+0x4 op=%x2:x64',
    'p:tlbi_vale1is__vunmap_range vunmap_range.part.0+0x8',
    'p:dsb_ish__vunmap_range vunmap_range.part.0+0xc',
  ])
})

test('llvm-objdump with the words of the code reads alike', async () => {
  const lines = [
    'ffff800080010000 <change_page_range>:',
    'ffff800080010000: f9000001     \tstr\tx1, [x0]',
    'ffff800080010004: d5033a9f     \tdsb\tishst',
  ]
  expect((await found(...lines)).definitions).toEqual([
    'p:change_page_range_store change_page_range+0x0 pte=%x0:x64 before=+0(%x0):x64 after=%x1:x64',
    'p:dsb_ishst__change_page_range change_page_range+0x4',
  ])
})
