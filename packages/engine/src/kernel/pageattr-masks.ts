import type { Cpu } from '../machine/cpu.ts'
import { NO_BITS, bits, equals } from '../arch/descriptor.ts'
import type { Words } from '../arch/u64.ts'

/** struct page_change_data: new = (old & ~clear) | set. */
export interface PageattrMasks {
  readonly set: Words
  readonly clear: Words
  /** __change_memory_common() does not flush after exactly these masks. */
  readonly flushElided: boolean
}

/** What a call changes. `default` is set_direct_map_default_noflush(). */
export type Change = 'ro' | 'rw' | 'nx' | 'x' | 'valid' | 'invalid' | 'default'

interface Bits {
  readonly valid: Words
  readonly presentInvalid: Words
  readonly maybeGp: Words
}

const RDONLY = bits('RDONLY')
const WRITE = bits('DBM')
const PXN = bits('PXN')

/** What a call of pageattr.c sets and clears in this flavour, with these features (PTE_MAYBE_GP, PTE_MAYBE_NG). */
export function masksFor(cpu: Cpu, change: Change): PageattrMasks {
  const { presentInvalid } = cpu.flavour.pageattr
  const ng = cpu.features.ng_mappings
  const parts: Bits = {
    // PTE_PRESENT_VALID_KERNEL has MAYBE_NG; PTE_VALID alone before 7.3.
    valid: presentInvalid && ng ? bits('VALID', 'NG') : bits('VALID'),
    presentInvalid: presentInvalid ? bits('NG') : NO_BITS,
    maybeGp: cpu.features.bti_kernel ? bits('GP') : NO_BITS,
  }
  const { set, clear } = CHANGES[change](parts)
  return ownMasks(cpu, set, clear)
}

/** Any masks, as a scenario's `own` callback is given them. */
export function ownMasks(cpu: Cpu, set: Words, clear: Words): PageattrMasks {
  return { set, clear, flushElided: isElided(cpu, set, clear) }
}

const CHANGES: Readonly<Record<Change, (b: Bits) => { set: Words; clear: Words }>> = {
  ro: () => ({ set: RDONLY, clear: WRITE }),
  rw: () => ({ set: WRITE, clear: RDONLY }),
  nx: (b) => ({ set: PXN, clear: b.maybeGp }),
  x: (b) => ({ set: b.maybeGp, clear: PXN }),
  valid: (b) => ({ set: b.valid, clear: b.presentInvalid }),
  invalid: (b) => ({ set: b.presentInvalid, clear: b.valid }),
  default: (b) => ({ set: or(b.valid, WRITE), clear: or(b.presentInvalid, RDONLY) }),
}

const or = (a: Words, b: Words): Words => ({ lo: (a.lo | b.lo) >>> 0, hi: (a.hi | b.hi) >>> 0 })

/** The whole masks are compared, and nothing else: neither result nor entries. */
function isElided(cpu: Cpu, set: Words, clear: Words): boolean {
  const { elidesFlush } = cpu.flavour.pageattr
  if (elidesFlush === 'never') return false
  if (elidesFlush === 'valid-only') return equals(set, bits('VALID')) && equals(clear, NO_BITS)
  const valid = cpu.features.ng_mappings ? bits('VALID', 'NG') : bits('VALID')
  return equals(set, valid) && equals(clear, bits('NG'))
}
