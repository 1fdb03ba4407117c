import { expect, test } from 'vitest'

import { nestOf } from '../../../packages/recorder/src/event/kinds.ts'
import {
  tracedFlavour,
  tracedGeometry,
} from '../../../packages/recorder/src/import/translate/kernel-traits.ts'
import { capture, demoCapture, imported, ofKind } from './imported.ts'

const CAPTURES = [
  ['6.12', () => capture('modules_small-6.12'), '6.12', 4],
  ['6.17', () => demoCapture('modules_small-6.17.13'), '6.17', 4],
  ['6.17, local clock', () => capture('modules_small-6.17-localclock'), '6.17', 4],
  ['6.17, lean', () => capture('modules_small-6.17-lean-kaslr'), '6.17', 4],
  ['6.17, secretmem', () => capture('secretmem_small-6.17'), '6.17', 4],
  ['6.18', () => demoCapture('modules_small-6.18.15'), '6.18', 4],
  ['6.18, lean', () => capture('modules_small-6.18-lean-kaslr'), '6.18', 4],
  ['6.18, blocks', () => capture('modules_small-6.18-bbm'), '6.18', 4],
  ['6.18, five levels', () => capture('modules_small-6.18-max'), '6.18', 5],
  ['7.3', () => capture('modules_small-7.3'), '7.3', 4],
] as const

test.each(CAPTURES)(
  '%s: whole, in order, and of the kernel it is of',
  (_, read, flavour, levels) => {
    const { events, counts, text, translation } = imported(read())
    expect(text.entries).toBe(text.header.entries)
    expect([counts.unpaired, counts.lost, text.backwards]).toEqual([0, 0, 0])
    expect(tracedFlavour(translation, counts)).toBe(flavour)
    expect(tracedGeometry(translation)?.levels).toBe(levels)
    expect(
      Object.keys(counts.unknown).every((name) => /^(module_|lazy_test_pending)/.test(name)),
    ).toBe(true)

    const depths = new Map<string, number>()
    for (const event of events) {
      const task = event.task === '<idle>-0' ? `idle ${event.cpu}` : (event.task ?? '')
      const depth = depths.get(task) ?? 0
      const moved = nestOf(event.kind)
      expect(event.nest).toBe(moved < 0 ? depth - 1 : depth)
      depths.set(task, depth + moved)
    }
    expect([...depths.values()].every((depth) => depth === 0)).toBe(true)
  },
)

test.each(CAPTURES)('%s: every write of a callback is what its masks make of it', (_, read) => {
  const { events } = imported(read())
  let checked = 0
  events.forEach((write, i) => {
    if (write.kind !== 'desc_write') return
    const enter = events
      .slice(0, i)
      .findLast((e) => e.kind === 'cb_enter' && e.task === write.task && e.nest === write.nest - 1)
    if (enter?.kind !== 'cb_enter') throw new Error(`write ${i} has no callback`)
    const { val, set, clear, va } = enter
    if (val === undefined || set === undefined || clear === undefined) throw new Error('no masks')
    expect(write.old).toBe(val)
    expect(write.new).toBe((val & ~clear) | set)
    expect(write.va).toBe(va)
    checked++
  })
  expect(checked).toBe(ofKind(events, 'cb_enter').filter((e) => e.level === 'pte').length)
})

const writes = (bytes: Uint8Array): number => ofKind(imported(bytes).events, 'desc_write').length

test('lean probes show the same writes as all probes, of a workload that is the same', () => {
  expect(writes(capture('modules_small-6.17-lean-kaslr'))).toBe(
    writes(demoCapture('modules_small-6.17.13')),
  )
})

test('6.12 shows each TLBI with its operand, and repeats for its erratum one without', () => {
  const { events } = imported(capture('modules_small-6.12'))
  const tlbis = ofKind(events, 'tlbi')
  const permission = tlbis.filter((e) => e.by === '__change_memory_common')
  expect(permission.filter((e) => e.insn === 'vaale1is').every((e) => e.va !== null)).toBe(true)
  expect(permission.filter((e) => e.insn === 'vaale1is')).toHaveLength(84)
  expect(permission.filter((e) => e.insn === 'vale1is').every((e) => e.operand === undefined)).toBe(
    true,
  )
})
