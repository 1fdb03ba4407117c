import { expect, test } from 'vitest'
import {
  geometryText,
  missingText,
  runFields,
  sourceText,
} from '../../../packages/tui/src/text/run-words.ts'
import { SAMPLE_RUN } from '../../support/sample-run.ts'

test('says where a run came from and what keeps it from being whole', () => {
  expect(sourceText(SAMPLE_RUN)).toBe('engine 6.18')
  expect(sourceText({ ...SAMPLE_RUN, source: 'ftrace', kernel: '6.17.13' })).toBe('ftrace 6.17.13')
  expect(geometryText(SAMPLE_RUN)).toBe('4k-48')
  expect(geometryText({ ...SAMPLE_RUN, geometry: { pageShift: 16, vaBits: 52, levels: 3 } })).toBe(
    '64k-52',
  )
  expect(geometryText({ ...SAMPLE_RUN, geometry: null })).toBe('')
  expect(missingText(SAMPLE_RUN)).toBeNull()
  expect(missingText({ ...SAMPLE_RUN, state: 'recording', lost: 1200 })).toBe(
    'run 1 sample is not whole: it is still being recorded, 1,200 events were lost',
  )
})

test('in JSON times are no addresses', () => {
  expect(runFields({ ...SAMPLE_RUN, t0: 24_177_708_000n })).toMatchObject({
    t0: '24177708000',
    created: '2023-11-14T22:13:20.000Z',
  })
})
