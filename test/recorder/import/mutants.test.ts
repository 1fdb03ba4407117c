import { expect, test } from 'vitest'
import { LineSplitter } from '../../../packages/recorder/src/import/bytes/line-splitter.ts'
import { FtraceText } from '../../../packages/recorder/src/import/text/ftrace-text.ts'
import { LineSorter, OutOfOrder } from '../../../packages/recorder/src/import/text/line-sorter.ts'
import { FtraceEvents } from '../../../packages/recorder/src/import/translate/ftrace-events.ts'
import { capture, demoCapture, MemorySink } from './imported.ts'
import { ALL_MUTATIONS, claimsOf, joined, mutant, randomOf } from './mutants.ts'

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const CAPTURES = Object.entries({
  '6.12, full': decode(capture('modules_small-6.12')),
  '6.17, lean': decode(capture('modules_small-6.17-lean-kaslr')),
  '6.18, full': decode(demoCapture('modules_small-6.18.15')),
  '6.18, lean': decode(capture('modules_small-6.18-lean-kaslr')),
  '6.18, several tasks': decode(capture('bpf-6.18-boot1')),
  '7.3, full': decode(capture('modules_small-7.3')),
}).map(([name, text]) => ({ name, lines: text.split('\n') }))

/** As the importer reads a file: sorted where times go back. */
function claims(text: string): Set<string> {
  const bytes = new TextEncoder().encode(text)
  try {
    return read((reader) => {
      const splitter = new LineSplitter(reader)
      splitter.push(bytes)
      reader.end(splitter.rest)
    })
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error
  }
  const sorter = new LineSorter()
  const splitter = new LineSplitter(sorter)
  splitter.push(bytes)
  sorter.unended(splitter.rest)
  return read((reader) => reader.sorted(sorter))
}

const onBack = (): never => {
  throw new OutOfOrder('back')
}

function read(feed: (reader: FtraceText) => void): Set<string> {
  const sink = new MemorySink()
  const events = new FtraceEvents(sink, {})
  feed(new FtraceText(events, { onBack }))
  events.finish()
  sink.flush()
  return claimsOf(sink.events)
}

/** How many of each kind and capture; `node bench/mutate-import.ts` runs thousands. */
const MUTANTS = 1

test.each(CAPTURES)(
  '$name: lines that are lost, doubled, exchanged, torn or late invent nothing',
  ({ lines }) => {
    const whole = claims(lines.join('\n'))
    expect(whole.size).toBeGreaterThan(20)
    const random = randomOf(7)
    for (const kind of ALL_MUTATIONS) {
      for (let i = 0; i < MUTANTS; i++) {
        const invented = [...claims(mutant(lines, kind, random))].filter(
          (claim) => !whole.has(claim),
        )
        expect({ kind, i, invented }).toEqual({ kind, i, invented: [] })
      }
    }
  },
)

test('two captures in one file invent nothing, whatever their times', () => {
  const [one, two] = [CAPTURES[1]!.lines, CAPTURES[4]!.lines]
  const whole = new Set([...claims(one.join('\n')), ...claims(two.join('\n'))])
  for (const later of [-150, -102, 1000])
    expect([...claims(joined(one, two, later))].filter((claim) => !whole.has(claim))).toEqual([])
})
