import { expect, test } from 'vitest'

import { compilePrint } from '../../../../packages/recorder/src/import/trace-dat/print-format.ts'

const NUMBERS: Readonly<Record<string, bigint>> = {
  a: 18n,
  minus: -22n,
  taints: 0x1001n,
  __probe_ip: 0xffff80008003af78n,
}

const VALUES = {
  number: (name: string) => NUMBERS[name],
  text: (name: string) => (name === 'name' ? 'dummy' : undefined),
  symbol: (address: bigint, offset: boolean) =>
    `sym@${address.toString(16)}${offset ? '+0x4' : ''}`,
}

const print = (text: string): string | null | undefined =>
  compilePrint({ name: 'e', id: 1, fields: [], print: text })?.(VALUES)

test.each([
  ['"(%lx) a=0x%Lx b=%d", REC->__probe_ip, REC->a, REC->minus', '(ffff80008003af78) a=0x12 b=-22'],
  ['"%u %X %% %c", REC->minus, REC->a, REC->a', '18446744073709551594 12 % \u0012'],
  [
    '"%s call_site=%ps refcnt=%d", __get_str(name), (void *)REC->a, REC->a',
    'dummy call_site=sym@12 refcnt=18',
  ],
  ['"mm=%pS", REC->a', 'mm=sym@12+0x4'],
  ['"%-8s|%4d|%04x", REC->name, REC->a, REC->a', 'dummy   |  18|0012'],
  [String.raw`"say \"%d\", twice", REC->a`, 'say "18", twice'],
  [
    '"%s %s", __get_str(name), __print_flags(REC->taints, "|", { (1UL << 0), "P" }, { (1UL << 12), "O" }, { 0x2, "F" })',
    'dummy P|O',
  ],
])('%s', (format, text) => {
  expect(print(format)).toBe(text)
})

test.each([
  '"%d", REC->missing',
  '"%s", REC->a',
  '"%d %d", REC->a',
  '"%s", __print_flags(REC->a, "", { 1 + 1, "x" })',
])('what cannot be shown is not half shown: %s', (format) => {
  expect(print(format)).toBeNull()
})

test.each(['"%d", REC->a + 1', '"%s", __print_symbolic(REC->a, { 1, "x" })', 'REC->a', ''])(
  'what is not understood is refused: %s',
  (format) => {
    expect(compilePrint({ name: 'e', id: 1, fields: [], print: format })).toBeNull()
  },
)
