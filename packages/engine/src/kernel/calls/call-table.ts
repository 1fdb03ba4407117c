/** The kernel's calls that a scenario can make: their arguments, what flavours have them, the range they speak of. */
import { ACTIONS } from './actions.ts'
import type { Call, Spec } from './call-spec.ts'
import type { Cpu } from '../../machine/cpu.ts'
import {
  canSetDirectMap,
  kernelMapPages,
  kernelPagePresent,
  setDirectMapDefaultNoflush,
  setDirectMapInvalidNoflush,
  setDirectMapValidNoflush,
} from '../direct-map.ts'
import { ENTRY_CALLS } from './entry-calls.ts'
import type { Flavour } from '../../machine/flavour.ts'
import type { CallArgs } from '../../machine/hooks.ts'
import { InputError } from '../../arch/input-error.ts'
import {
  asFields,
  asFlag,
  asInt,
  asText,
  asU64,
  asVa,
  refuseUnknown,
} from '../../machine/json-fields.ts'
import type { Fields } from '../../machine/json-fields.ts'
import { lazyMmuEnter, lazyMmuLeave, lazyMmuPause, lazyMmuResume } from '../lazy-mmu.ts'
import {
  linearAddress,
  setMemoryNx,
  setMemoryRo,
  setMemoryRox,
  setMemoryRw,
  setMemoryValid,
  setMemoryX,
} from '../pageattr.ts'
import { RACE_CALLS } from './race-calls.ts'
import { REALM_AND_KFENCE_CALLS } from './realm-and-kfence-calls.ts'
import { rangeSplitToPtes, splitKernelLeafMapping } from '../split.ts'
import { flushTlbKernelRange } from '../tlb.ts'
import { type Va, u64OfText } from '../../arch/u64.ts'
import { WALK_CALLS, onRange } from './walk-calls.ts'

type OnPages = (cpu: Cpu, addr: Va, numpages: number) => number

const onPages = (run: OnPages): Spec => ({
  fields: ['addr', 'numpages'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const numpages = asInt(fields['numpages'], `${path}.numpages`)
    return {
      range: (cpu) => [addr, addr + numpages * cpu.geometry.pageSize],
      run: (cpu) => run(cpu, addr, numpages),
    }
  },
})

const valid: Spec = {
  fields: ['addr', 'numpages', 'enable'],
  parse: (fields, path, parseInner) => {
    const enable = asFlag(fields['enable'], `${path}.enable`)
    const run: OnPages = (cpu, addr, n) => setMemoryValid(cpu, addr, n, enable)
    return onPages(run).parse(fields, path, parseInner)
  },
}

type OnPfn = (cpu: Cpu, pa: number, numpages: number, enable: boolean) => number

/** Calls on pages of the linear map. Without `numpages` and `enable`: one page. */
const onPfn = (
  fields: readonly string[],
  run: OnPfn,
  supported?: (flavour: Flavour) => boolean,
): Spec => ({
  fields,
  parse: (given, path) => {
    const pfn = asU64(given['pfn'], `${path}.pfn`)
    if (pfn >= 2n ** 40n) throw InputError.of(`${path}.pfn`, 'should be below 2^40')
    const some = fields.includes('numpages')
    const numpages = some ? asInt(given['numpages'], `${path}.numpages`) : 1
    const enable = some && asFlag(given['enable'], `${path}.enable`)
    const frame = Number(pfn)
    return {
      range: (cpu) => {
        const start = linearAddress(cpu, frame * cpu.geometry.pageSize)
        return [start, start + numpages * cpu.geometry.pageSize]
      },
      run: (cpu) => run(cpu, frame * cpu.geometry.pageSize, numpages, enable),
      ...(supported !== undefined && { supported }),
    }
  },
})

const bare = (run: (cpu: Cpu) => number, supported?: (flavour: Flavour) => boolean): Spec => ({
  fields: [],
  parse: () => ({ range: () => null, run, ...(supported !== undefined && { supported }) }),
})

const done = (run: (cpu: Cpu) => void) => (cpu: Cpu) => {
  run(cpu)
  return 0
}

const hasLazyMmu = (f: Flavour): boolean => f.lazyMmu !== 'none'
const hasPause = (f: Flavour): boolean => f.lazyMmu === 'counted'
const splits = (f: Flavour): boolean => f.split !== null
const always = (): boolean => true

const SPECS: Readonly<Record<string, Spec>> = {
  set_memory_ro: onPages(setMemoryRo),
  set_memory_rw: onPages(setMemoryRw),
  set_memory_x: onPages(setMemoryX),
  set_memory_nx: onPages(setMemoryNx),
  set_memory_rox: onPages(setMemoryRox),
  set_memory_valid: valid,
  set_direct_map_invalid_noflush: onPfn(['pfn'], setDirectMapInvalidNoflush),
  set_direct_map_default_noflush: onPfn(['pfn'], setDirectMapDefaultNoflush),
  set_direct_map_valid_noflush: onPfn(
    ['pfn', 'numpages', 'enable'],
    setDirectMapValidNoflush,
    (f) => f.pageattr.directMapValidNoflush,
  ),
  __kernel_map_pages: onPfn(['pfn', 'numpages', 'enable'], (cpu, pa, numpages, enable) => {
    kernelMapPages(cpu, pa, numpages, enable)
    return 0
  }),
  kernel_page_present: onPfn(['pfn'], (cpu, pa) => Number(kernelPagePresent(cpu, pa))),
  can_set_direct_map: bare((cpu) => Number(canSetDirectMap(cpu))),
  ...WALK_CALLS,
  split_kernel_leaf_mapping: onRange(splitKernelLeafMapping, splits),
  range_split_to_ptes: onRange(rangeSplitToPtes, splits),
  flush_tlb_kernel_range: onRange((cpu, start, end) => {
    flushTlbKernelRange(cpu, start, end)
    return 0
  }),
  ...ENTRY_CALLS,
  ...REALM_AND_KFENCE_CALLS,
  ...RACE_CALLS,
  lazy_enter: bare(done(lazyMmuEnter), hasLazyMmu),
  lazy_leave: bare(done(lazyMmuLeave), hasLazyMmu),
  lazy_pause: bare(done(lazyMmuPause), hasPause),
  lazy_resume: bare(done(lazyMmuResume), hasPause),
}

/** Every call there is, by its kernel name. */
export const CALL_NAMES: readonly string[] = Object.keys(SPECS)

const SPECS_AND_ACTIONS = new Map(Object.entries({ ...SPECS, ...ACTIONS }))

/** A call or an action. @throws InputError with a path such as `calls[2].addr`. */
export function parseCall(input: unknown, path: string): Call {
  const fields = asFields(input, path)
  const fn = asText(fields['fn'], `${path}.fn`)
  const spec = SPECS_AND_ACTIONS.get(fn)
  if (spec === undefined) {
    const known = [...SPECS_AND_ACTIONS.keys()].join(', ')
    throw InputError.of(`${path}.fn`, `"${fn}" is not known; use one of ${known}`)
  }
  const isAction = spec.isAction === true
  refuseUnknown(fields, ['fn', ...(isAction ? [] : ['alloc_fail']), ...spec.fields], path)
  const allocFail = fields['alloc_fail'] ?? 0
  return {
    supported: always,
    ...spec.parse(fields, path, parseCall),
    fn,
    args: argsOf(fields),
    isAction,
    allocFail: asInt(allocFail, `${path}.alloc_fail`, 0),
  }
}

function argsOf(fields: Fields): CallArgs {
  const args: Record<string, bigint | number | string | boolean> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'fn') continue
    if (typeof value === 'string') args[name] = u64OfText(value) ?? value
    else if (typeof value === 'bigint' || typeof value === 'number') args[name] = value
    else if (typeof value === 'boolean') args[name] = value
  }
  return args
}
