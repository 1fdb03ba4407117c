/** Calls of a scenario on single entries: what code besides pageattr.c does to kernel tables. */
import type { Call, Spec } from './call-spec.ts'
import type { Cpu } from '../../machine/cpu.ts'
import { EEXIST, EINVAL } from '../../arch/errno.ts'
import { NO_SLOT, findSlot } from '../../machine/find-slot.ts'
import { asInt, asU64, asVa } from '../../machine/json-fields.ts'
import type { Fields } from '../../machine/json-fields.ts'
import { PMD, PTE } from '../../arch/level.ts'
import type { Slot } from '../../machine/memory.ts'
import { ptepGetAndClear, ptepTrySet, setPtes } from '../set-pte.ts'
import { setPmd } from '../set-table.ts'
import { flushTlbKernelPgtable } from '../tlb.ts'
import { wordsOf } from '../../arch/u64.ts'

/** A call on the slot of `addr`: -EINVAL if no table holds one. `count` is the number of entries it covers. */
function onSlot(
  level: typeof PMD | typeof PTE,
  fields: readonly string[],
  parse: (fields: Fields, path: string) => (cpu: Cpu, slot: Slot) => number,
  supported: Call['supported'] = () => true,
): Spec {
  return {
    fields: ['addr', ...fields],
    parse: (given, path) => {
      const addr = asVa(given['addr'], `${path}.addr`)
      const count =
        given['count'] === undefined ? 1 : asInt(given['count'], `${path}.count`, 1, 8192)
      const run = parse(given, path)
      return {
        supported,
        range: (cpu) => [addr, addr + count * (cpu.geometry.size[level] as number)],
        run: (cpu) => {
          const slot = findSlot(cpu, level, addr)
          return slot === NO_SLOT ? EINVAL : run(cpu, slot)
        },
      }
    },
  }
}

const setPtesCall = onSlot(PTE, ['desc', 'count'], (fields, path) => {
  const { lo, hi } = wordsOf(asU64(fields['desc'], `${path}.desc`))
  const count = fields['count'] === undefined ? 1 : asInt(fields['count'], `${path}.count`, 1, 8192)
  return (cpu, slot) => {
    const { memory } = cpu
    // The caller of set_ptes() stays in one table.
    if (memory.tableOf(slot) !== memory.tableOf(slot + 2 * (count - 1))) return EINVAL
    setPtes(cpu, slot, lo, hi, count)
    return 0
  }
})

const trySetCall = onSlot(
  PTE,
  ['desc'],
  (fields, path) => {
    const { lo, hi } = wordsOf(asU64(fields['desc'], `${path}.desc`))
    return (cpu, slot) => (ptepTrySet(cpu, slot, lo, hi) ? 0 : EEXIST)
  },
  (flavour) => flavour.lazyMmu === 'counted',
)

export const ENTRY_CALLS: Readonly<Record<string, Spec>> = {
  set_ptes: setPtesCall,
  ptep_get_and_clear: onSlot(PTE, [], () => (cpu, slot) => {
    ptepGetAndClear(cpu, slot)
    return 0
  }),
  ptep_try_set: trySetCall,
  pmd_clear: onSlot(PMD, [], () => (cpu, slot) => {
    setPmd(cpu, slot, 0, 0)
    return 0
  }),
  __flush_tlb_kernel_pgtable: {
    fields: ['addr'],
    parse: (fields, path) => {
      const addr = asVa(fields['addr'], `${path}.addr`)
      return {
        range: (cpu) => [addr, addr + cpu.geometry.pageSize],
        run: (cpu) => {
          flushTlbKernelPgtable(cpu, addr)
          return 0
        },
      }
    },
  },
}
