import { describe, expect, test } from 'vitest'

import { imported, lines, ofKind } from '../imported.ts'

const PTE = 'pte=0xffff000003763390'
const A = 'addr=0xffff80007a114000'

describe('calls', () => {
  const call = lines(
    `set_memory_ro: (set_memory_ro+0x0/0x40) ${A} numpages=3`,
    `change_memory_common: (c+0x0/0x10) ${A} numpages=3 set=0x80 clear=0x8000000000000`,
    `change_memory_common_ret: (s+0x20/0x40 <- change_memory_common) ${A} numpages=3 ret=0`,
    `set_memory_ro_ret: (m+0x20/0x40 <- set_memory_ro) ${A} numpages=3 ret=-22`,
  )

  test('the outermost function of the API is a call, what is inside it a span', () => {
    const { events } = imported(call)
    expect(events).toMatchObject([
      {
        kind: 'op_begin',
        fn: 'set_memory_ro',
        op: 0,
        nest: 0,
        cpu: 0,
        task: 'insmod-272',
        ts: 0,
        va: 0xffff80007a114000n,
        end: 0xffff80007a117000n,
        args: { addr: '0xffff80007a114000', numpages: 3 },
      },
      {
        kind: 'span_begin',
        fn: 'change_memory_common',
        op: 0,
        nest: 1,
        ts: 1000,
        end: 0xffff80007a117000n,
        set: 0x80n,
        clear: 0x8000000000000n,
      },
      { kind: 'span_end', op: 0, nest: 1, ret: 0 },
      { kind: 'op_end', fn: 'set_memory_ro', op: 0, nest: 0, ret: -22 },
    ])
  })

  test('pages count in the page size that was told', () => {
    expect(imported(call, 16).events[0]).toMatchObject({ end: 0xffff80007a144000n })
  })

  test('a negative number of pages wraps as in the kernel', () => {
    const text = lines(`set_memory_ro: (x) ${A} numpages=-1`)
    expect(imported(text).events[0]).toMatchObject({ end: 0xffff80007a113000n })
  })

  test('set_direct_map_* has no address, and a span around it has', () => {
    const { events } = imported(
      lines(
        'vfree: (x) addr=0xffff800082e41000',
        'set_direct_map_default_noflush: (x) page=0xfffffdffc03c4dc0',
        'set_direct_map_default_noflush_ret: (x) page=0xfffffdffc03c4dc0 ret=0',
        'vfree_ret: (x)',
      ),
    )
    expect(events).toMatchObject([
      { kind: 'span_begin', op: null, nest: 0, va: 0xffff800082e41000n, end: null },
      { kind: 'op_begin', op: 0, nest: 1, va: null, args: { page: '0xfffffdffc03c4dc0' } },
      { kind: 'op_end', op: 0, nest: 1 },
      { kind: 'span_end', op: null, nest: 0, ret: null },
    ])
  })

  test('a function of the API inside another is a span of its call', () => {
    const { events } = imported(
      lines(
        'set_direct_map_valid_noflush: (x) page=0xfffffdffc0000000 nr=1 valid=1',
        `set_memory_valid: (x) ${A} numpages=1 enable=1`,
        `set_memory_valid_ret: (x) ret=0`,
        'set_direct_map_valid_noflush_ret: (x) ret=0',
      ),
    )
    expect(events.map((e) => [e.kind, e.op])).toEqual([
      ['op_begin', 0],
      ['span_begin', 0],
      ['span_end', 0],
      ['op_end', 0],
    ])
  })
})

describe('KFENCE', () => {
  test('set_memory_valid() inside itself was made while the task was being scheduled: a call of its own', () => {
    const { events, counts } = imported(
      lines(
        `set_memory_valid: (x) ${A} numpages=1 enable=0`,
        'set_memory_valid: (x) addr=0xffff80007a999000 numpages=1 enable=0',
        'set_memory_valid_ret: (x) addr=0xffff80007a999000 numpages=1 ret=0',
        `set_memory_valid_ret: (x) ${A} numpages=1 ret=0`,
      ),
    )
    expect(events.map((e) => [e.kind, e.op, e.nest])).toEqual([
      ['op_begin', 0, 0],
      ['op_begin', 1, 1],
      ['op_end', 1, 1],
      ['op_end', 0, 0],
    ])
    expect(counts.unpaired).toBe(0)
  })
})

describe('callbacks and their writes', () => {
  const enter = `change_page_range: (x) ${PTE} ${A} val=0xe800004833c703 set=0x80 clear=0x8000000000000`
  const exit = `change_page_range_ret: (x <- y) ${PTE} ${A} val=0xe000004833c783 ret=0`

  test('a store probe is the write', () => {
    const { events } = imported(
      lines(
        enter,
        `change_page_range_store: (x) ${PTE} before=0xe800004833c703 after=0xe000004833c783`,
        exit,
      ),
    )
    expect(events).toMatchObject([
      {
        kind: 'cb_enter',
        level: 'pte',
        fn: 'change_page_range',
        end: 0xffff80007a115000n,
        val: 0xe800004833c703n,
        set: 0x80n,
        clear: 0x8000000000000n,
      },
      {
        kind: 'desc_write',
        level: 'pte',
        nest: 1,
        va: 0xffff80007a114000n,
        old: 0xe800004833c703n,
        new: 0xe000004833c783n,
        slot: 0xffff000003763390n,
      },
      { kind: 'cb_exit', level: 'pte', ret: 0, action: null, val: 0xe000004833c783n },
    ])
  })

  test('without one the write is had from the entry and the return', () => {
    const { events, translation } = imported(lines(enter, exit))
    expect(events[1]).toMatchObject({
      kind: 'desc_write',
      nest: 1,
      ts: 1000,
      va: 0xffff80007a114000n,
      old: 0xe800004833c703n,
      new: 0xe000004833c783n,
      slot: 0xffff000003763390n,
    })
    expect(events).toHaveLength(3)
    expect([translation.storesSeen, translation.inferred]).toEqual([false, true])
  })

  test.each([
    ['a table', '0x100000004b36d403', 0],
    ['nothing', '0x0', 0],
    ['a block', '0x68000060e00705', 1],
    ['a block that is invalid', '0xe8000042600f04', 1],
  ])('a callback above the PTEs wrote only where there was a leaf: %s', (_, val, writes) => {
    const { events } = imported(
      lines(
        `pageattr_pmd_entry: (x) pmd=0xffff0000 ${A} next=0xffff80007a200000 val=${val} set=0x0 clear=0x0`,
        `pageattr_pmd_entry_ret: (x) pmd=0xffff0000 ${A} val=${val} ret=0`,
      ),
    )
    const found = ofKind(events, 'desc_write')
    expect(found).toHaveLength(writes)
    for (const write of found) expect(write.va).toBe(0xffff80007a000000n)
  })

  test('a value that does not follow from the masks is no store, unless no line can be missing', () => {
    const text = lines(enter, exit.replace('val=0xe000004833c783', 'val=0xe000004833c703'))
    expect(ofKind(imported(text).events, 'desc_write')).toEqual([])
    expect(imported(text).translation.doubtful).toBe(1)
  })

  test('a store that names another entry than the callback around it has no address', () => {
    const store = 'change_page_range_store: (x) pte=0xffff000003763398 before=0x1 after=0x2'
    const [write] = ofKind(imported(lines(enter, store)).events, 'desc_write')
    expect(write).toMatchObject({ va: null, op: null })
  })

  test('a store outside a callback has no address', () => {
    const { events } = imported(
      lines('pageattr_pte_entry_store: (x) pte=0xffff0000ffffb010 before=0x1 after=0x2'),
    )
    expect(events).toMatchObject([{ kind: 'desc_write', va: null, old: 1n, new: 2n, nest: 0 }])
  })
})

describe('barriers, lazy MMU, flushes', () => {
  test('the function of a probe inside it is the innermost open one of that name', () => {
    const { events } = imported(
      lines(
        `change_memory_common: (x) ${A} numpages=1 set=0x80 clear=0x0`,
        `__change_memory_common: (x) start=0xffff000008000000 size=0x1000 set=0x80 clear=0x0`,
        'dsb_ishst__change_memory_common_2: (x)',
        'isb__change_memory_common: (x)',
        'dsb_ish__vunmap_range_3: (x)',
      ),
    )
    expect(events.slice(2, 5)).toMatchObject([
      { kind: 'dsb', scope: 'ishst', fn: '__change_memory_common' },
      { kind: 'isb', fn: '__change_memory_common' },
      { kind: 'dsb', scope: 'ish', fn: 'vunmap_range' },
    ])
  })

  test('lazy MMU, with the count where the kernel has one', () => {
    const { events } = imported(
      lines(
        'lazy_enter__update_range_prot: (x) count=1',
        'lazy_queue__pageattr_pte_entry: (x) mask=0x80000000 flags=0x18',
        'lazy_leave__apply_to_page_range: (x) mask=0x80000000 flags=0x80000008',
      ),
    )
    expect(events).toMatchObject([
      { kind: 'lazy_mmu_enter', depth: 1, fn: 'update_range_prot' },
      { kind: 'barrier_queue', fn: 'pageattr_pte_entry' },
      { kind: 'lazy_mmu_leave', depth: null, fn: 'apply_to_page_range' },
    ])
  })

  test('flush calls with their range and caller', () => {
    const { events } = imported(
      lines(
        'flush_kernel_range_call__change_memory_common_2: (x) start=0xffff80007a114000 end=0xffff80007a116000',
        'flush_kernel_range_done__change_memory_common_2: (x)',
      ),
    )
    const by = 'change_memory_common'
    expect(events).toMatchObject([
      {
        kind: 'tlb_flush',
        fn: 'flush_tlb_kernel_range',
        by,
        va: 0xffff80007a114000n,
        end: 0xffff80007a116000n,
      },
      { kind: 'tlb_flush_done', fn: 'flush_tlb_kernel_range', by },
    ])
  })

  test.each([
    [
      'tlbi_vaale1is__secretmem_fault: (x) op=0xff00000833c',
      { va: 0xffff00000833c000n, pages: 1, operand: 0xff00000833cn },
    ],
    ['tlbi_vaale1is__secretmem_fault: (x) op=0x1000000000012', { va: 0x12000n, pages: 1 }],
    [
      'tlbi_rvaale1is__secretmem_fault: (x) op=0x501800080000',
      { va: 0xffff800080000000n - 0n, pages: 64, scale: 1, num: 0 },
    ],
    [
      'tlbi_rvaale1is__secretmem_fault: (x) op=0x489800080040',
      { va: 0xffff800080040000n, pages: 36, scale: 0, num: 17 },
    ],
    ['tlbi_vmalle1is__secretmem_fault: (x)', { va: null, pages: null }],
    ['tlbi_vale1is__secretmem_fault: (x)', { va: null, pages: null }],
  ])('%s', (line, expected) => {
    const [event] = imported(lines(line)).events
    expect(event).toMatchObject({ kind: 'tlbi', by: 'secretmem_fault', ...expected })
  })
})

test('a split is told with the address of the one who asked for it', () => {
  const { events } = imported(
    lines(
      'split_kernel_leaf_mapping_locked: (x) addr=0xffff0000037a5000',
      'split_pmd: (x) pmdp=0xffff00007fffe838 val=0x78000060e00705 gfp=0xdc0 to_cont=1 cur=0x68000060e00705',
      'dsb_ishst__split_pmd: (x)',
      'split_pmd_ret: (x) pmdp=0xffff00007fffe838 before=0x78000060e00705 after=0x1800000060da6403 ret=0',
      'split_kernel_leaf_mapping_locked_ret: (x) addr=0xffff0000037a5000 ret=0',
    ),
  )
  expect(events).toMatchObject([
    { kind: 'span_begin', nest: 0 },
    {
      kind: 'split',
      level: 'pmd',
      nest: 1,
      va: 0xffff000003600000n,
      val: 0x78000060e00705n,
      cur: 0x68000060e00705n,
      slot: 0xffff00007fffe838n,
    },
    { kind: 'dsb', nest: 1, fn: 'split_pmd' },
    {
      kind: 'split_end',
      level: 'pmd',
      nest: 1,
      va: 0xffff000003600000n,
      ret: 0,
      val: 0x1800000060da6403n,
    },
    { kind: 'span_end', nest: 0 },
  ])
})

describe('what has no kind', () => {
  test('is kept with its fields, and counted', () => {
    const { events, counts } = imported(
      lines(
        'lazy_test_pending__update_range_prot: (x+0x1/0x2) mask=0x2 flags=0x4',
        'module_load: nls_ascii ',
        'odd_probe: (x) __proto__=1 b',
      ),
    )
    expect(events).toMatchObject([
      {
        kind: 'ftrace',
        event: 'lazy_test_pending__update_range_prot',
        fields: { mask: '0x2', flags: '0x4' },
      },
      { kind: 'ftrace', event: 'module_load', fields: { text: 'nls_ascii ' } },
      { kind: 'ftrace', event: 'odd_probe', fields: { text: '(x) __proto__=1 b' } },
    ])
    expect(counts.unknown).toEqual({
      lazy_test_pending__update_range_prot: 1,
      module_load: 1,
      odd_probe: 1,
    })
  })

  test('a name from Object.prototype is no probe of ours', () => {
    expect(imported(lines('constructor: (x) a=1')).counts.unknown).toEqual({ constructor: 1 })
  })

  test('trace markers are notes', () => {
    const { events, translation } = imported(lines('tracing_mark_write: wl: begin modules_small'))
    expect(events).toMatchObject([{ kind: 'note', text: 'wl: begin modules_small' }])
    expect(translation.workload).toBe('modules_small')
  })
})
