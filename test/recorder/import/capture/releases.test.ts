import { expect, test } from 'vitest'
import { captureKernel } from '../../../../packages/recorder/src/import/capture/releases.ts'

test.each([
  ['6.1.192', { series: '6.1', probes: '6.12', neighbour: true }],
  ['6.12', { series: '6.12', probes: '6.12', neighbour: false }],
  ['6.16.12+deb13-cloud-arm64', { series: '6.16', probes: '6.17', neighbour: true }],
  ['v6.18-rc3', { series: '6.18', probes: '6.18', neighbour: false }],
  ['6.19.14', { series: '6.19', probes: '6.18', neighbour: true }],
  ['7.0.13', { series: '7.0', probes: '7.3', neighbour: true }],
  ['7.3.4-custom-dirty', { series: '7.3', probes: '7.3', neighbour: false }],
])('%s', (text, kernel) => {
  expect(captureKernel(text)).toEqual(kernel)
})

test.each([
  ['5.10', '6.1 is the oldest kernel'],
  ['7.4', '--kernel 7.3'],
  ['6.20.1', 'there never was a kernel 6.20: the nearest are 6.19 and 7.0'],
  ['mainline', 'mainline does not name a kernel: give a version such as 6.18'],
  ['6.18foo', '6.18foo does not name a kernel'],
])('%s is refused with the remedy', (text, message) => {
  expect(() => captureKernel(text)).toThrow(message)
})
