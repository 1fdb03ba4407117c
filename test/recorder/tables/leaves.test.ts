import { leavesOf, PageState, ptdumpLines } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { sizeText } from '../../../packages/recorder/src/event/quantity.ts'
import { AREA, eventsOf, initOf, KERNEL_RW, setMemoryRo } from '../../support/sample-run.ts'

const sample = (): PageState => {
  const state = new PageState({ geometry: null, complete: true })
  for (const event of [...eventsOf([initOf(8)], null), ...eventsOf(setMemoryRo(3))])
    state.apply(event)
  return state
}

test('leaves are merged where attributes agree and the output address goes on', () => {
  expect(leavesOf(sample())).toEqual([
    {
      level: 'pte',
      va: AREA,
      end: AREA + 0x3000n,
      pa: 0x5_0004_0000n,
      attributes: 0x60_0000_0000_0783n,
      valid: true,
      cont: false,
    },
    {
      level: 'pte',
      va: AREA + 0x3000n,
      end: AREA + 0x8000n,
      pa: 0x5_0004_3000n,
      attributes: KERNEL_RW,
      valid: true,
      cont: false,
    },
  ])
})

test('the lines are those of kernel_page_tables', () => {
  expect([...ptdumpLines(sample())]).toEqual([
    '0xffff8000c0000000-0xffff8000c0003000          12K PTE       ro NX SHD AF            UXN    MEM/NORMAL',
    '0xffff8000c0003000-0xffff8000c0008000          20K PTE       RW NX SHD AF            UXN    MEM/NORMAL',
  ])
})

test('sizes in the largest unit that divides them', () => {
  expect([4096, 65536, 2 ** 21, 3 * 2 ** 30, 1000 * 1024].map(sizeText)).toEqual([
    '4K',
    '64K',
    '2M',
    '3G',
    '1000K',
  ])
})
