import { describe, expect, test } from 'vitest'
import { currentEvent } from '../../../packages/tui/src/model/model.ts'
import { session } from '../../support/session.ts'

describe('the model', () => {
  test('steps, pages, goes to both ends', async () => {
    const s = await session({ calls: 40 })
    s.keys('j', 'j', 'down')
    expect(s.cursor()).toBe(3)
    s.keys('pagedown')
    await s.settled()
    expect(s.cursor()).toBe(30)
    s.keys('G')
    await s.settled()
    expect(s.cursor()).toBe(799)
    s.keys('k', 'ctrl+u')
    await s.settled()
    expect(s.cursor()).toBe(785)
    s.keys('g')
    await s.settled()
    expect(s.cursor()).toBe(0)
  })

  test('keys typed while rows are being read all count', async () => {
    const s = await session({ calls: 500 })
    s.keys('G', 'k', 'k', 'pageup')
    await s.settled()
    expect(s.cursor()).toBe(9_999 - 2 - 27)
  })

  test.each([
    ['1234', 1_234],
    ['9,000', 9_000],
    ['50%', 5_000],
    ['99999', 9_999],
    ['1ms', 4_000],
  ])('goes to %s', async (where, seq) => {
    const s = await session({ calls: 500 })
    s.type(`:${where}`)
    s.keys('enter')
    await s.settled()
    expect(s.cursor()).toBe(seq)
  })

  test('a name that the run does not have is said, with the nearest one', async () => {
    const s = await session({ calls: 4 })
    for (const [filter, said] of [
      ['fn == set_memory_rox', 'This run has no set_memory_rox, did you mean set_memory_ro?'],
      ['comm == insmot', 'This run has no insmot, did you mean insmod?'],
    ]) {
      s.type(`/${filter}`)
      s.keys('enter')
      await s.settled()
      expect(s.screen()).toContain(said)
      s.keys('X')
      await s.settled()
    }
    // A name that there is, of events that another filter leaves out.
    s.type('/fn == set_memory_ro && kind == desc_write')
    s.keys('enter')
    await s.settled()
    expect(s.screen()).toContain('No event matches.')
    expect(s.screen()).not.toContain('This run has no')
    await s.end()
  })

  test('a filter hides, chips stack and are dropped one by one, undo brings them back', async () => {
    const s = await session({ calls: 40 })
    s.type('/kind == desc_write')
    s.keys('enter')
    await s.settled()
    expect(s.shownKinds()).toEqual(['desc_write'])
    expect(s.screen()).toContain('120 of 800')
    s.type('/va == 0xffff800080001000')
    s.keys('enter')
    await s.settled()
    expect(s.replay().view.filters).toEqual(['kind == desc_write', 'va == 0xffff800080001000'])
    expect(s.replay().rows.map((e) => e.seq)).toEqual([8, 28])
    s.keys('x', 'x')
    await s.settled()
    expect(s.replay().view.filters).toEqual([])
    expect(s.shownKinds().length).toBeGreaterThan(5)
    s.keys('u')
    await s.settled()
    expect(s.replay().view.filters).toEqual(['kind == desc_write'])
    s.keys('U')
    await s.settled()
    expect(s.replay().view.filters).toEqual([])
  })

  test('a filter in the middle is chosen and dropped, the others stay', async () => {
    const s = await session({ calls: 40 })
    for (const filter of ['cpu == 0', 'level == pte', 'kind == desc_write']) {
      s.type(`/${filter}`)
      s.keys('enter')
      await s.settled()
    }
    s.keys('<')
    expect(s.screen()).toContain(' ✕ level == pte ')
    s.keys('x')
    await s.settled()
    expect(s.replay().view.filters).toEqual(['cpu == 0', 'kind == desc_write'])
    s.keys('<', '<', '>', '<', 'x')
    await s.settled()
    expect(s.replay().view.filters).toEqual(['kind == desc_write'])
    s.keys('u', 'x')
    await s.settled()
    expect(s.replay().view.filters).toEqual(['cpu == 0'])
  })

  test('a wrong filter stays in the bar with the reason, and hides nothing', async () => {
    const s = await session({ calls: 4 })
    s.type('/knd == desc_write')
    expect(s.screen()).toMatch(/knd.*kind/)
    s.keys('enter')
    expect(s.model().prompt?.text).toBe('knd == desc_write')
    s.keys('esc')
    expect(s.replay().view.filters).toEqual([])
  })

  test('a filter that nothing matches says what to do', async () => {
    const s = await session({ calls: 4 })
    s.type('/kind == bug')
    s.keys('enter')
    await s.settled()
    expect(s.screen()).toContain('No event matches')
    expect(s.screen()).toContain('x drops the last filter')
  })

  test('Tab completes fields and kinds', async () => {
    const s = await session({ calls: 4 })
    s.type('/ki')
    s.keys('tab')
    s.type('== desc_w')
    s.keys('tab')
    expect(s.model().prompt?.text.trim()).toBe('kind == desc_write')
  })

  test('folds a call and opens it again; steps over what begins under the cursor', async () => {
    const s = await session({ calls: 40 })
    s.keys('enter')
    await s.settled()
    expect(
      s
        .replay()
        .rows.slice(0, 2)
        .map((e) => e.seq),
    ).toEqual([0, 20])
    s.keys('enter')
    await s.settled()
    expect(s.replay().rows[1]?.seq).toBe(1)
    s.keys('j', 'j', 'J')
    await s.settled()
    expect(s.cursor()).toBe(16)
    s.keys('h')
    await s.settled()
    expect(s.cursor()).toBe(0)
    s.keys('J')
    await s.settled()
    expect(s.cursor()).toBe(20)
  })

  test('depth shows the calls alone, and one of them can be opened', async () => {
    const s = await session({ calls: 40 })
    s.keys('1')
    await s.settled()
    expect(s.shownKinds()).toEqual(['op_begin', 'op_end'])
    s.keys('l')
    await s.settled()
    expect(
      s
        .replay()
        .rows.slice(0, 4)
        .map((e) => e.seq),
    ).toEqual([0, 1, 2, 15])
    s.keys('0')
    await s.settled()
    expect(s.replay().rows[3]?.seq).toBe(3)
  })

  test('goes along one descriptor, and from walk to walk', async () => {
    const s = await session({ calls: 40 })
    s.keys('j', 'j', 'j', 'j')
    expect(currentEvent(s.replay())?.kind).toBe('desc_write')
    s.keys('.')
    await s.settled()
    expect(s.cursor()).toBe(6)
    s.keys('.')
    await s.settled()
    expect(s.cursor()).toBe(23)
    s.keys(',', ',')
    await s.settled()
    expect(s.cursor()).toBe(4)
    s.keys('}')
    await s.settled()
    expect(s.cursor()).toBe(22)
    s.keys('{')
    await s.settled()
    expect(s.cursor()).toBe(2)
  })

  test('the search underlines, n and N go from match to match', async () => {
    const s = await session({ calls: 40 })
    s.type('fkind == tlb_flush')
    s.keys('enter')
    await s.settled()
    expect(s.cursor()).toBe(18)
    s.keys('n')
    await s.settled()
    expect(s.cursor()).toBe(38)
    s.keys('N')
    await s.settled()
    expect(s.cursor()).toBe(18)
    expect(s.replay().rows.length).toBeGreaterThan(30)
  })

  test('deleting a run is asked for, and every other key keeps it', async () => {
    const s = await session({ calls: 4, open: false })
    s.keys('D')
    expect(s.screen()).toContain('Delete run #1')
    s.keys('n')
    await s.settled()
    expect(s.model().runs.list).toHaveLength(1)
    s.keys('D', 'y')
    await s.settled()
    expect(s.model().runs.list).toHaveLength(0)
    expect(s.screen()).toContain('No run in')
  })

  test('text of a trace cannot reach the terminal as an escape sequence', async () => {
    const s = await session({ calls: 2, label: '\x1b]52;c;AAAA\x07evil\u202e' })
    expect(s.raw()).not.toContain('\x1b]52')
    expect(s.raw()).not.toContain('\u202e')
    expect(s.screen()).toContain('\\x1b]52;c;AAAA\\x07evil\\u{202e}')
  })
})

test('marks and notes are kept in the file, and gone to one after the other', async () => {
  const s = await session({ calls: 40 })
  s.keys('j', 'j', 'm', 'j', 'j', 'A')
  s.type('look here')
  s.keys('enter', 'g')
  await s.settled()
  expect(await s.data.marks(1)).toEqual([
    { seq: 2, text: '' },
    { seq: 4, text: 'look here' },
  ])
  s.keys("'")
  await s.settled()
  expect(s.cursor()).toBe(2)
  s.keys("'")
  await s.settled()
  expect(s.cursor()).toBe(4)
  expect(s.screen()).toContain('look here')
  await s.end()
})

test('scenarios are recorded and files imported by the command itself, with completion', async () => {
  const s = await session({ calls: 2, open: false })
  s.keys('r')
  s.type('partial-b')
  s.keys('tab')
  expect(s.model().prompt?.text).toBe('partial-block')
  s.type(' 6.12,6.')
  expect(s.screen()).toMatch(/6\.17/)
  s.type('18')
  s.keys('enter')
  expect(s.screen()).toContain('recording partial-block')
  await s.settled()
  const labels = s.model().runs.list?.map((run) => run.label)
  expect(labels).toEqual(['sample', 'partial-block/4k-48/6.12', 'partial-block/4k-48/6.18'])
  s.keys('i')
  s.type('/nowhere/trace.gz')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toContain('/nowhere/trace.gz')
  expect(s.model().message?.bad).toBe(true)
  await s.end()
})
