/** The kernel's calls that a scenario can make: their arguments, what flavours have them, the range they speak of. */
import { ACTIONS } from './actions.ts'
import { applyToExistingPageRange, applyToPageRange } from './apply.ts'
import type { PteFn } from './apply.ts'
import type { Call, Spec } from './call-spec.ts'
import { CHANGE_VARIANTS, SPLIT_VARIANTS, splitAndProtect } from './contpte-race.ts'
import type { Cpu } from './cpu.ts'
import {
  canSetDirectMap,
  kernelMapPages,
  kernelPagePresent,
  setDirectMapDefaultNoflush,
  setDirectMapInvalidNoflush,
  setDirectMapValidNoflush,
} from './direct-map.ts'
import type { Flavour } from './flavour.ts'
import type { CallArgs } from './hooks.ts'
import { InputError } from './input-error.ts'
import { asFields, asFlag, asInt, asOneOf, asText, asU64, asVa, refuseUnknown } from './input.ts'
import type { Fields } from './input.ts'
import { lazyMmuEnter, lazyMmuLeave, lazyMmuPause, lazyMmuResume } from './lazy-mmu.ts'
import { OBSERVE_PTE_FN, observeOps } from './observe.ts'
import type { Observation } from './observe.ts'
import {
  CHANGE_PAGE_RANGE,
  linearAddress,
  pageattrOps,
  setMemoryNx,
  setMemoryRo,
  setMemoryRox,
  setMemoryRw,
  setMemoryValid,
  setMemoryX,
} from './pageattr.ts'
import { ownMasks } from './pageattr-masks.ts'
import { REALM_AND_KFENCE_CALLS } from './realm-and-kfence-calls.ts'
import { rangeSplitToPtes, splitKernelLeafMapping } from './split.ts'
import { flushTlbKernelRange } from './tlb.ts'
import { wordsOf } from './u64.ts'
import type { Va } from './u64.ts'
import {
  walkKernelPageTableRange,
  walkKernelPageTableRangeLockless,
  walkPageRangeDebug,
} from './walk-api.ts'
import type { WalkOps } from './walk-ops.ts'

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
  parse: (fields, path) => {
    const enable = asFlag(fields['enable'], `${path}.enable`)
    return onPages((cpu, addr, n) => setMemoryValid(cpu, addr, n, enable)).parse(fields, path)
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
    if (pfn >= 2n ** 40n) throw new InputError(`${path}.pfn`, 'should be below 2^40')
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

type OnRange = (cpu: Cpu, start: Va, end: Va) => number

const onRange = (run: OnRange, supported?: (flavour: Flavour) => boolean): Spec => ({
  fields: ['addr', 'end'],
  parse: (fields, path) => {
    const start = asVa(fields['addr'], `${path}.addr`)
    const end = asVa(fields['end'], `${path}.end`)
    return {
      range: () => [start, end],
      run: (cpu) => run(cpu, start, end),
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

function observation(fields: Fields, path: string): Observation {
  const at = (name: string): number =>
    fields[name] === undefined ? 0 : asInt(fields[name], `${path}.${name}`)
  return {
    levels: at('levels'),
    errAt: at('err_at'),
    err: at('err'),
    againAt: at('again_at'),
    againN: at('again_n'),
    contAt: at('cont_at'),
    count: 0,
  }
}

const OBSERVE_FIELDS = ['levels', 'err_at', 'err', 'again_at', 'again_n', 'cont_at']
const WALK_FIELDS = ['addr', 'end', 'cb', 'set', 'clear', ...OBSERVE_FIELDS]

/** Whose callbacks: the flavour's own, counting ones, or none. */
type Callback = 'own' | 'observe' | 'null'

function callbackOf(fields: Fields, path: string): Callback {
  const cb = asText(fields['cb'], `${path}.cb`)
  if (cb === 'own' || cb === 'observe' || cb === 'null') return cb
  throw new InputError(`${path}.cb`, `"${cb}" should be "own", "observe" or "null"`)
}

const maskWords = (fields: Fields, name: string, path: string) =>
  wordsOf(fields[name] === undefined ? 0n : asU64(fields[name], `${path}.${name}`))

type ApplyTo = <P>(cpu: Cpu, addr: Va, size: number, fn: PteFn<P> | null, data: P) => number

/** `own` is change_page_range(), which the pagewalk flavours do not have. */
const applyCall = (apply: ApplyTo): Spec => ({
  fields: WALK_FIELDS,
  parse: (fields, path) => {
    const cb = callbackOf(fields, path)
    const set = maskWords(fields, 'set', path)
    const clear = maskWords(fields, 'clear', path)
    const observe = observation(fields, path)
    const run: OnRange = (cpu, start, end) => {
      if (cb === 'null') return apply(cpu, start, end - start, null, null)
      if (cb === 'own') {
        return apply(cpu, start, end - start, CHANGE_PAGE_RANGE, ownMasks(cpu, set, clear))
      }
      return apply(cpu, start, end - start, OBSERVE_PTE_FN, { ...observe })
    }
    return onRange(run, (f) => cb !== 'own' || f.pageattr.walker === 'apply').parse(fields, path)
  },
})

type WalkTo = <P>(cpu: Cpu, start: Va, end: Va, ops: WalkOps<P>, data: P) => number

/** `own` is pageattr_ops, which the apply flavours do not have. */
const walkCall = (walk: WalkTo, supported: (flavour: Flavour) => boolean): Spec => ({
  fields: WALK_FIELDS,
  parse: (fields, path) => {
    const cb = callbackOf(fields, path)
    const set = maskWords(fields, 'set', path)
    const clear = maskWords(fields, 'clear', path)
    const observe = observation(fields, path)
    const run: OnRange = (cpu, start, end) => {
      if (cb !== 'own') {
        const ops = observeOps(cb === 'null' ? 0 : observe.levels)
        return walk(cpu, start, end, ops, { ...observe })
      }
      const masks = ownMasks(cpu, set, clear)
      return walk(cpu, start, end, pageattrOps(cpu.flavour.pageattr), masks)
    }
    const has = (f: Flavour): boolean =>
      supported(f) && (cb !== 'own' || f.pageattr.walker === 'pagewalk')
    return onRange(run, has).parse(fields, path)
  },
})

/** The scenario's caller holds init_mm.mmap_lock, without an event, if its features say so. */
const locked =
  (walk: WalkTo): WalkTo =>
  (cpu, start, end, ops, data) => {
    cpu.assumesMmapLock = cpu.features.init_mm_locked
    const err = walk(cpu, start, end, ops, data)
    cpu.assumesMmapLock = false
    return err
  }

/** No function of the kernel: hazard H7 as the review discussed it, and the flush that follows a change. */
const h7Change: Spec = {
  fields: ['addr', 'entries', 'split', 'change'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const entries = asInt(fields['entries'], `${path}.entries`, 2, 128)
    if (!Number.isInteger(Math.log2(entries))) {
      throw new InputError(`${path}.entries`, `${entries} should be a power of two`)
    }
    const split = asOneOf(fields['split'], SPLIT_VARIANTS, `${path}.split`)
    const change = asOneOf(fields['change'] ?? 'plain', CHANGE_VARIANTS, `${path}.change`)
    const endOf = (cpu: Cpu): Va => addr + cpu.geometry.pageSize
    return {
      range: (cpu) => [addr, endOf(cpu)],
      run: (cpu) => {
        const err = splitAndProtect(cpu, addr, entries, split, change)
        flushTlbKernelRange(cpu, addr, endOf(cpu))
        return err
      },
    }
  },
}

const hasLazyMmu = (f: Flavour): boolean => f.lazyMmu !== 'none'
const hasPause = (f: Flavour): boolean => f.lazyMmu === 'counted'
const splits = (f: Flavour): boolean => f.split !== null
const always = (): boolean => true
const never = (): boolean => false

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
  apply_to_page_range: applyCall(applyToPageRange),
  apply_to_existing_page_range: applyCall(applyToExistingPageRange),
  walk_kernel_page_table_range: walkCall(locked(walkKernelPageTableRange), always),
  walk_kernel_page_table_range_lockless: walkCall(
    walkKernelPageTableRangeLockless,
    (f) => f.walk.lockless,
  ),
  walk_page_range_debug: walkCall(locked(walkPageRangeDebug), always),
  // Gone before the oldest of these trees: known, so that a scenario may name it, and unsupported everywhere.
  walk_page_range_novma: walkCall(walkKernelPageTableRange, never),
  split_kernel_leaf_mapping: onRange(splitKernelLeafMapping, splits),
  range_split_to_ptes: onRange(rangeSplitToPtes, splits),
  flush_tlb_kernel_range: onRange((cpu, start, end) => {
    flushTlbKernelRange(cpu, start, end)
    return 0
  }),
  ...REALM_AND_KFENCE_CALLS,
  h7_change: h7Change,
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
    throw new InputError(`${path}.fn`, `"${fn}" is not known; use one of ${known}`)
  }
  const isAction = spec.isAction === true
  refuseUnknown(fields, ['fn', ...(isAction ? [] : ['alloc_fail']), ...spec.fields], path)
  const allocFail = fields['alloc_fail'] ?? 0
  return {
    supported: always,
    ...spec.parse(fields, path),
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
    if (typeof value === 'string') args[name] = value.startsWith('0x') ? BigInt(value) : value
    else if (typeof value === 'bigint' || typeof value === 'number') args[name] = value
    else if (typeof value === 'boolean') args[name] = value
  }
  return args
}
