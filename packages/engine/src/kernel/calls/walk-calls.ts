/** Calls of a scenario on the walkers themselves: whose callbacks they are given, and with what. */
import { applyToExistingPageRange, applyToPageRange } from '../apply.ts'
import type { ApplyToRange } from '../apply.ts'
import type { Call, ParseCall, Parts, Spec } from './call-spec.ts'
import type { Cpu } from '../../machine/cpu.ts'
import type { Flavour } from '../../machine/flavour.ts'
import { InputError } from '../../arch/input-error.ts'
import { asInt, asOneOf, asText, asU64, asVa } from '../../machine/json-fields.ts'
import type { Fields } from '../../machine/json-fields.ts'
import { OBSERVE_PTE_FN, observeOps } from '../observe.ts'
import type { Observation } from '../observe.ts'
import { CHANGE_PAGE_RANGE, pageattrOps } from '../pageattr.ts'
import { ownMasks } from '../pageattr-masks.ts'
import { wordsOf } from '../../arch/u64.ts'
import type { Va, Words } from '../../arch/u64.ts'
import {
  walkKernelPageTableRange,
  walkKernelPageTableRangeLockless,
  walkPageRangeDebug,
} from '../walk-api.ts'
import { WALK_LOCKS } from '../walk-ops.ts'
import type { WalkOps } from '../walk-ops.ts'
import { walkPageRange } from '../walk-vma.ts'
import { EINVAL } from '../../arch/errno.ts'
import type { Mm } from '../../machine/mm.ts'

export type OnRange = (cpu: Cpu, start: Va, end: Va) => number

/** A call on [addr, end). */
export const onRange = (run: OnRange, supported?: (flavour: Flavour) => boolean): Spec => ({
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

/** The call that a counting callback makes, if any; none within that one, and no failing allocation. */
function innerOf(fields: Fields, path: string, parse: ParseCall): Call | undefined {
  if (fields['call'] === undefined) return undefined
  const at = `${path}.call`
  if (fields['cb'] !== 'observe' || fields['call_at'] === undefined) {
    throw InputError.of(
      at,
      'needs callbacks that observe, and call_at, the number of the one that makes it',
    )
  }
  const inner = parse(fields['call'], at)
  if (inner.isAction === true || inner.inner !== undefined || inner.allocFail > 0) {
    throw InputError.of(
      at,
      'should be a call of the kernel, without alloc_fail or a call within it',
    )
  }
  return inner
}

function observation(fields: Fields, path: string, inner: Call | undefined): Observation {
  const at = (name: string): number =>
    fields[name] === undefined ? 0 : asInt(fields[name], `${path}.${name}`)
  return {
    levels: at('levels'),
    errAt: at('err_at'),
    err: at('err'),
    againAt: at('again_at'),
    againN: at('again_n'),
    contAt: at('cont_at'),
    callAt: at('call_at'),
    call: inner === undefined ? null : (cpu) => inner.run(cpu),
    count: 0,
  }
}

const COUNTED = ['err_at', 'err', 'again_at', 'again_n', 'cont_at', 'call_at', 'call']
const OBSERVE_FIELDS = ['levels', ...COUNTED]
const WALK_FIELDS = ['addr', 'end', 'cb', 'set', 'clear', ...OBSERVE_FIELDS]
/** Address spaces: whose top table stands in for the mm's own, and which one is walked. */
const MM_FIELDS = ['pgd', 'mm'] as const
type MmField = (typeof MM_FIELDS)[number]

/** Whose callbacks: the flavour's own, counting ones, or none. */
const CALLBACKS = ['own', 'observe', 'null'] as const
type Callback = (typeof CALLBACKS)[number]

const maskWords = (fields: Fields, name: string, path: string) =>
  wordsOf(fields[name] === undefined ? 0n : asU64(fields[name], `${path}.${name}`))

const withInner = (parts: Parts, inner: Call | undefined): Parts =>
  inner === undefined ? parts : { ...parts, inner }

const always = (): boolean => true

/** What a call on a walker is given. */
interface WalkArgs {
  readonly cb: Callback
  readonly set: Words
  readonly clear: Words
  readonly observe: Observation
  /** Names of address spaces. */
  readonly pgd?: string
  readonly mm?: string
}

/** A call on a walker; `own`: the callbacks of flavours with this walker; `named`: address spaces it may name. */
const callWith = (
  own: Flavour['pageattr']['walker'],
  run: (cpu: Cpu, start: Va, end: Va, args: WalkArgs) => number,
  supported: (flavour: Flavour) => boolean = always,
  named: readonly MmField[] = [],
): Spec => ({
  fields: [...WALK_FIELDS, ...named],
  parse: (fields, path, parseInner) => {
    const inner = innerOf(fields, path, parseInner)
    const args: WalkArgs = {
      cb: asOneOf(fields['cb'], CALLBACKS, `${path}.cb`),
      set: maskWords(fields, 'set', path),
      clear: maskWords(fields, 'clear', path),
      observe: observation(fields, path, inner),
      ...mmsOf(fields, path),
    }
    const has = (f: Flavour): boolean =>
      supported(f) &&
      (args.cb !== 'own' || f.pageattr.walker === own) &&
      (inner?.supported(f) ?? true)
    const onIts = onRange((cpu, start, end) => run(cpu, start, end, args), has)
    const mmNames = [args.pgd, args.mm].filter((name) => name !== undefined)
    return { ...withInner(onIts.parse(fields, path, parseInner), inner), mmNames }
  },
})

const mmsOf = (fields: Fields, path: string): Partial<Record<MmField, string>> =>
  Object.fromEntries(
    MM_FIELDS.filter((name) => fields[name] !== undefined).map((name) => [
      name,
      asText(fields[name], `${path}.${name}`),
    ]),
  )

/** The address space of that name; null: init_mm. Scenarios are checked for names that there are not. */
function mmNamed(cpu: Cpu, name: string | undefined): Mm | null {
  if (name === undefined) return null
  const found = cpu.system.mms.find((mm) => mm.name === name)
  if (found === undefined) throw InputError.of('call', `this machine has no mm "${name}"`)
  return found
}

/** `own` is change_page_range(), which the pagewalk flavours do not have. */
const applyCall = (apply: ApplyToRange): Spec =>
  callWith('apply', (cpu, start, end, { cb, set, clear, observe }) => {
    if (cb === 'null') return apply(cpu, start, end - start, null, null)
    if (cb === 'observe') return apply(cpu, start, end - start, OBSERVE_PTE_FN, { ...observe })
    return apply(cpu, start, end - start, CHANGE_PAGE_RANGE, ownMasks(cpu, set, clear))
  })

/** A walker without VMAs: `table` undefined is the top table of `mm`, null is init_mm. */
type WalkOfMm = <P>(
  cpu: Cpu,
  start: Va,
  end: Va,
  ops: WalkOps<P>,
  data: P,
  table: number | undefined,
  mm: Mm | null,
) => number

/** `own` is pageattr_ops, which the apply flavours do not have. */
const walkCall = (
  walk: WalkOfMm,
  supported?: (flavour: Flavour) => boolean,
  named: readonly MmField[] = ['pgd'],
): Spec =>
  callWith(
    'pagewalk',
    (cpu, start, end, { cb, set, clear, observe, ...names }) => {
      const table = mmNamed(cpu, names.pgd)?.table
      const mm = mmNamed(cpu, names.mm)
      if (cb === 'own') {
        const masks = ownMasks(cpu, set, clear)
        return walk(cpu, start, end, pageattrOps(cpu.flavour.pageattr), masks, table, mm)
      }
      const ops = observeOps(cb === 'null' ? 0 : observe.levels)
      return walk(cpu, start, end, ops, { ...observe }, table, mm)
    },
    supported,
    named,
  )

const VMA_FIELDS = ['addr', 'end', 'cb', 'mm', 'test_walk', 'walk_lock', ...OBSERVE_FIELDS]

/** walk_page_range(): VMA by VMA, with callbacks that write nothing. */
const vmaWalkCall: Spec = {
  fields: VMA_FIELDS,
  parse: (fields, path, parseInner) => {
    const inner = innerOf(fields, path, parseInner)
    const cb = asOneOf(fields['cb'], ['observe', 'null'], `${path}.cb`)
    const observe = observation(fields, path, inner)
    const mm = asText(fields['mm'], `${path}.mm`)
    const { test_walk: answer, walk_lock: lock } = fields
    const members = {
      ...(answer !== undefined && { testWalk: constant(asInt(answer, `${path}.test_walk`)) }),
      ...(lock !== undefined && { walkLock: asOneOf(lock, WALK_LOCKS, `${path}.walk_lock`) }),
    }
    const run: OnRange = (cpu, start, end) => {
      const ops = observeOps(cb === 'null' ? 0 : observe.levels, members)
      const walked = mmNamed(cpu, mm)
      return walked === null ? EINVAL : walkPageRange(cpu, walked, start, end, ops, { ...observe })
    }
    const has = (f: Flavour): boolean => inner?.supported(f) ?? true
    const parts = onRange(run, has).parse(fields, path, parseInner)
    return { ...withInner(parts, inner), mmNames: [mm] }
  },
}

const constant = (value: number) => (): number => value

/** The scenario's caller holds init_mm.mmap_lock, without an event, if its features say so. */
const locked =
  (walk: WalkOfMm): WalkOfMm =>
  (cpu, start, end, ops, data, table, mm) => {
    cpu.assumesMmapLock = cpu.features.init_mm_locked
    const err = walk(cpu, start, end, ops, data, table, mm)
    cpu.assumesMmapLock = false
    return err
  }

const never = (): boolean => false

export const WALK_CALLS: Readonly<Record<string, Spec>> = {
  apply_to_page_range: applyCall(applyToPageRange),
  apply_to_existing_page_range: applyCall(applyToExistingPageRange),
  walk_kernel_page_table_range: walkCall(locked(walkKernelPageTableRange)),
  walk_kernel_page_table_range_lockless: walkCall(
    walkKernelPageTableRangeLockless,
    (f) => f.walk.lockless,
  ),
  walk_page_range_debug: walkCall(locked(walkPageRangeDebug), always, MM_FIELDS),
  walk_page_range: vmaWalkCall,
  // Gone before the oldest of these trees: known, so that a scenario may name it, and unsupported everywhere.
  walk_page_range_novma: walkCall(walkKernelPageTableRange, never),
}
