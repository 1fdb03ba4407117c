import { bool, int, name, oneOf, opt, u64 } from './kind-spec.ts'

/** Fields that several kinds have. */
export const fn = name('fn', 'kernel function')
export const va = u64('va')
export const end = { type: 'end', in: 'size', doc: 'first address after the range' } as const
export const level = { type: 'level', in: 'level' } as const
export const ret = int('ret', '0 or a negative errno')
export const inFn = opt(name('fn', 'function it was executed in, where known'))
export const lazy = {
  depth: int('ret', 'nesting depth after; null: not seen'),
  ignored: opt(bool('new', 'in interrupt or paused: nothing happened')),
  api: opt(oneOf('aux', ['pause', 'resume'])),
  fn: inFn,
} as const
export const masks = {
  set: opt(u64('old', 'bits to set')),
  clear: opt(u64('new', 'bits to clear, before setting')),
} as const

/** The operand of dsb and dmb: which accesses, and among whom. `st` alone is the full system's. New ones at the end. */
const BARRIER_SCOPES = [
  'ishst',
  'ish',
  'sy',
  'st',
  'ld',
  'ishld',
  'nsh',
  'nshst',
  'nshld',
  'osh',
  'oshst',
  'oshld',
] as const
export const scope = oneOf(
  'aux',
  BARRIER_SCOPES,
  'which accesses it waits for or orders, and among whom',
)
