/** Calls of a scenario that are not functions of the kernel: races of its code, reduced to what matters. */
import { InputError } from '../../arch/input-error.ts'
import type { Cpu } from '../../machine/cpu.ts'
import { asInt, asOneOf, asVa } from '../../machine/json-fields.ts'
import type { Fields } from '../../machine/json-fields.ts'
import type { Va } from '../../arch/u64.ts'
import { BLOCK_SPLIT_VARIANTS, splitBlockAndProtect } from '../races/block-race.ts'
import type { Spec } from './call-spec.ts'
import {
  CHANGED_BITS,
  CHANGE_VARIANTS,
  SPLIT_VARIANTS,
  splitAndProtect,
} from '../races/contpte-race.ts'
import { flushPageInTwoSteps, flushTlbKernelRange } from '../tlb.ts'
import { ptdumpWalk, vmapHuge } from '../races/vmap-race.ts'

/** After the change: flush_tlb_kernel_range() of the page, as one; the same in two steps; none. */
const FLUSHES = {
  range: (cpu: Cpu, addr: Va) => flushTlbKernelRange(cpu, addr, addr + cpu.geometry.pageSize),
  'two-steps': flushPageInTwoSteps,
  none: () => {},
} as const
const FLUSH_NAMES = ['range', 'two-steps', 'none'] as const

const given = <const V extends string>(
  fields: Fields,
  name: string,
  values: readonly [V, ...V[]],
  path: string,
): V => asOneOf(fields[name] ?? values[0], values, `${path}.${name}`)

/** Hazard H7 as the review discussed it, and the flush that follows a change. */
const h7Change: Spec = {
  fields: ['addr', 'entries', 'split', 'change', 'bits', 'flush'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const entries = asInt(fields['entries'], `${path}.entries`, 2, 128)
    if (!Number.isInteger(Math.log2(entries))) {
      throw InputError.of(`${path}.entries`, `${entries} should be a power of two`)
    }
    const split = asOneOf(fields['split'], SPLIT_VARIANTS, `${path}.split`)
    const change = given(fields, 'change', CHANGE_VARIANTS, path)
    const changed = given(fields, 'bits', CHANGED_BITS, path)
    const flush = FLUSHES[given(fields, 'flush', FLUSH_NAMES, path)]
    return {
      range: (cpu) => [addr, addr + cpu.geometry.pageSize],
      run: (cpu) => {
        const err = splitAndProtect(cpu, addr, entries, split, change, changed)
        flush(cpu, addr)
        return err
      },
    }
  },
}

const blockChange: Spec = {
  fields: ['addr', 'split', 'flush'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const split = asOneOf(fields['split'], BLOCK_SPLIT_VARIANTS, `${path}.split`)
    const flush = FLUSHES[given(fields, 'flush', FLUSH_NAMES, path)]
    return {
      range: (cpu) => [addr, addr + cpu.geometry.pageSize],
      run: (cpu) => {
        const err = splitBlockAndProtect(cpu, addr, split)
        flush(cpu, addr)
        return err
      },
    }
  },
}

const ptdump: Spec = {
  fields: ['addr', 'entries'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const entries = asInt(fields['entries'], `${path}.entries`, 1, 8192)
    return {
      range: (cpu) => [addr, addr + entries * cpu.geometry.pageSize],
      run: (cpu) => ptdumpWalk(cpu, addr, entries),
    }
  },
}

const vmap: Spec = {
  fields: ['addr'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    return {
      range: (cpu) => [addr, addr + cpu.geometry.pageSize * cpu.geometry.entries],
      run: (cpu) => vmapHuge(cpu, addr),
    }
  },
}

export const RACE_CALLS: Readonly<Record<string, Spec>> = {
  h7_change: h7Change,
  h7_block_change: blockChange,
  ptdump_walk: ptdump,
  vmap_huge: vmap,
}
