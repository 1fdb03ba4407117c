/** What a scenario's program does besides calling the kernel: contexts, locks, accesses. No opBegin and opEnd. */
import { access, tlbEvict, tlbFill } from '../../machine/access.ts'
import type { Spec } from './call-spec.ts'
import { setContext } from '../../machine/context.ts'
import type { Cpu } from '../../machine/cpu.ts'
import { BARRIER_SCOPES, CONTEXTS, LOCK_MODES } from '../../machine/hooks.ts'
import type { LockMode } from '../../machine/hooks.ts'
import { InputError } from '../../arch/input-error.ts'
import { asInt, asOneOf, asU64, asVa } from '../../machine/json-fields.ts'
import type { Fields } from '../../machine/json-fields.ts'
import { awaitFlag, lock, raiseFlag, unlock } from '../../machine/locks.ts'
import { NO_SLOT, findSlot } from '../../machine/find-slot.ts'
import { PMD, PTE, PUD } from '../../arch/level.ts'
import { wordsOf } from '../../arch/u64.ts'
import { dmb, dsb, isb, tlbi } from '../instructions.ts'
import { store } from '../../machine/load-store.ts'
import { type Lock, LOCK_NAMES, lockNamed } from '../../machine/lock.ts'

/** More than any schedule of interest; the recorder keeps CPUs in a byte. */
export const MAX_CPUS = 64

const oneOf = <const V extends string>(
  fields: Fields,
  name: string,
  values: readonly V[],
  path: string,
): V => asOneOf(fields[name], values, `${path}.${name}`)

const action = (
  fields: readonly string[],
  parse: (fields: Fields, path: string) => { run: (cpu: Cpu) => number; otherCpu?: number },
): Spec => ({
  isAction: true,
  fields,
  parse: (given, path) => ({ range: () => null, ...parse(given, path) }),
})

const context = action(['to'], (fields, path) => {
  const to = oneOf(fields, 'to', CONTEXTS, path)
  return {
    run: (cpu) => {
      setContext(cpu, to)
      return 0
    },
  }
})

const onPreemption = (run: (cpu: Cpu) => void): Spec =>
  action([], () => ({
    run: (cpu) => {
      run(cpu)
      return 0
    },
  }))

type OnLock = (cpu: Cpu, target: Lock, mode: LockMode) => void

/** A lock by its kernel name; `mode` is which of a read-write semaphore's two ways; the others have one each. */
const onLock = (run: OnLock): Spec =>
  action(['name', 'mode'], (fields, path) => {
    const name = oneOf(fields, 'name', LOCK_NAMES, path)
    const own =
      name === 'init_mm.mmap_lock' ? null : name === 'pgtable_split_lock' ? 'mutex' : 'spin'
    const mode = fields['mode'] === undefined ? own : oneOf(fields, 'mode', LOCK_MODES, path)
    const right = own === null ? mode === 'read' || mode === 'write' : mode === own
    if (mode === null || !right) {
      const says = own === null ? '"read" or "write"' : `"${own}", or left out`
      throw InputError.of(`${path}.mode`, `should be ${says} for ${name}`)
    }
    return {
      run: (cpu) => {
        run(cpu, lockNamed(cpu.system.locks, name), mode)
        return 0
      },
    }
  })

/** `cpu`: whose TLB; default the one of the program. */
const otherCpu = (fields: Fields, path: string): number | undefined =>
  fields['cpu'] === undefined ? undefined : asInt(fields['cpu'], `${path}.cpu`, 0, MAX_CPUS - 1)

const fillChoice = (fields: Fields, path: string) => ({
  ...(fields['see'] !== undefined && { see: oneOf(fields, 'see', ['new', 'old'], path) }),
  ...(fields['via'] !== undefined && { via: asVa(fields['via'], `${path}.via`) }),
})

const EFAULT = -14
const LEVELS = { pud: PUD, pmd: PMD, pte: PTE } as const

/** The actions, by name. Those on TLBs give 0, or what the comment says where nothing was there. */
export const ACTIONS: Readonly<Record<string, Spec>> = {
  context,
  /** In between nothing may sleep; unlike in an interrupt, lazy MMU mode acts. */
  preempt_disable: onPreemption((cpu) => cpu.spinDepth++),
  preempt_enable: onPreemption((cpu) => {
    if (cpu.spinDepth === 0) throw new InputError('preempt_enable without preempt_disable')
    cpu.spinDepth--
  }),
  lock: onLock(lock),
  unlock: onLock(unlock),
  /** -EFAULT for a fault; a conflict stops the CPU. */
  access: action(['addr', 'mode', 'see', 'via', 'pick', 'cpu'], (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const mode = oneOf(fields, 'mode', ['read', 'write', 'exec'], path)
    const by = otherCpu(fields, path)
    const choice = {
      ...fillChoice(fields, path),
      ...(fields['pick'] !== undefined && {
        pick: oneOf(fields, 'pick', ['oldest', 'newest'], path),
      }),
    }
    return {
      run: (cpu) => (access(cpu, addr, mode, choice, by) === 'ok' ? 0 : EFAULT),
      otherCpu: by ?? 0,
    }
  }),
  /** Of any of `pages` pages. -EFAULT if the walk faulted. */
  tlb_fill: action(['addr', 'pages', 'see', 'via', 'cpu'], (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const choice = fillChoice(fields, path)
    const by = otherCpu(fields, path)
    const pages = asInt(fields['pages'] ?? 1, `${path}.pages`, 1, 8192)
    return {
      run: (cpu) => (tlbFill(cpu, addr, { ...choice, pages }, by) ? 0 : EFAULT),
      otherCpu: by ?? 0,
    }
  }),
  /** One instruction, on its own. */
  barrier: action(['op', 'scope'], (fields, path) => {
    const op = oneOf(fields, 'op', ['dsb', 'dmb', 'isb'], path)
    const scope = op === 'isb' ? 'sy' : oneOf(fields, 'scope', BARRIER_SCOPES, path)
    return {
      run: (cpu) => {
        if (op === 'isb') isb(cpu)
        else if (op === 'dsb') dsb(cpu, scope)
        else dmb(cpu, scope)
        return 0
      },
    }
  }),
  tlbi: action(['insn', 'addr'], (fields, path) => {
    const insn = oneOf(fields, 'insn', ['vaale1is', 'vaae1is', 'vaale1', 'vaae1'], path)
    const addr = asVa(fields['addr'], `${path}.addr`)
    return {
      run: (cpu) => {
        tlbi(cpu, insn, addr)
        return 0
      },
    }
  }),
  /** A plain store to a PTE or, where `level` says so, a PUD or PMD entry, without any barrier. */
  store: action(['addr', 'desc', 'level'], (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const { lo, hi } = wordsOf(asU64(fields['desc'], `${path}.desc`))
    const level =
      fields['level'] === undefined
        ? PTE
        : LEVELS[oneOf(fields, 'level', ['pud', 'pmd', 'pte'], path)]
    return {
      run: (cpu) => {
        const slot = findSlot(cpu, level, addr)
        if (slot === NO_SLOT) return EFAULT
        store(cpu, level, slot, lo, hi)
        return 0
      },
    }
  }),
  /** A flag that one CPU raises and others wait for. */
  raise: action([], () => ({
    run: (cpu) => {
      raiseFlag(cpu)
      return 0
    },
  })),
  await: action([], () => ({
    run: (cpu) => {
      awaitFlag(cpu)
      return 0
    },
  })),
  /** 1 if something was evicted. */
  tlb_evict: action(['addr', 'cpu'], (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const by = otherCpu(fields, path)
    return { run: (cpu) => Number(tlbEvict(cpu, addr, by)), otherCpu: by ?? 0 }
  }),
}

/** Names of what a program can do besides calls. */
export const PROGRAM_ACTIONS: readonly string[] = Object.keys(ACTIONS)

/** Actions that need a model TLB. */
export const TLB_ACTIONS: readonly string[] = ['access', 'tlb_fill', 'tlb_evict']
