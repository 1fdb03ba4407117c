/** `mms` of a scenario: address spaces besides init_mm. */
import { bits, union } from '../arch/descriptor.ts'
import type { Geometry } from '../arch/geometry.ts'
import { InputError } from '../arch/input-error.ts'
import { isPresent, isValid } from '../arch/predicates.ts'
import { fromVa, hexOf, isAligned, wordsOf } from '../arch/u64.ts'
import type { Va, Words } from '../arch/u64.ts'
import {
  asFields,
  asList,
  asOneOf,
  asText,
  asU64,
  asVa,
  refuseUnknown,
} from '../machine/json-fields.ts'
import { MMAP_LOCKS, VMA_KINDS } from '../machine/mm.ts'
import type { MmapLock, Vma } from '../machine/mm.ts'
import type { InitRun } from '../machine/start-state.ts'
import { parseRun } from './parse-run.ts'

/** One of them that has been checked. */
export interface MmStart {
  readonly name: string
  readonly mmapLock: MmapLock
  readonly init: readonly InitRun[]
  readonly vmas: readonly Vma[]
}

/**
 * @throws InputError with the path of the first field that is wrong: also for addresses of the kernel's half, and for
 * one that two of them map, as a run shows one table an address
 */
export function parseMms(input: unknown, g: Geometry): MmStart[] {
  if (input === undefined) return []
  const mms = asList(input, 'mms').map((mm, i) => parseMm(mm, g, `mms[${i}]`))
  const seen: { readonly name: string; readonly start: Va; readonly end: Va }[] = []
  for (const [i, { name, init }] of mms.entries()) {
    if (name === 'init_mm' || mms.findIndex((mm) => mm.name === name) !== i) {
      throw InputError.of(`mms[${i}].name`, `"${name}" is the name of another one`)
    }
    for (const [j, run] of init.entries()) {
      const range = { name, ...rangeOf(g, run) }
      const other = seen.find((r) => r.name !== name && r.start < range.end && range.start < r.end)
      if (other !== undefined) {
        const path = `mms[${i}].init[${j}].va`
        throw InputError.of(path, `lies where ${other.name} has entries; a run shows one of them`)
      }
      seen.push(range)
    }
  }
  return mms
}

function rangeOf(g: Geometry, { va, level, count }: InitRun): { start: Va; end: Va } {
  const start = Number(va)
  const named = ['pgd', 'p4d', 'pud', 'pmd', 'pte'].indexOf(level)
  return { start, end: start + count * (g.size[Math.max(named, g.top)] as number) }
}

function parseMm(input: unknown, g: Geometry, path: string): MmStart {
  const fields = asFields(input, path)
  refuseUnknown(fields, ['name', 'mmap_lock', 'init', 'vmas'], path)
  const list = (name: string): readonly unknown[] => asList(fields[name] ?? [], `${path}.${name}`)
  const init = list('init').map((run, i) => parseUserRun(run, g, `${path}.init[${i}]`))
  const vmas = list('vmas').map((vma, i) => parseVma(vma, g, `${path}.vmas[${i}]`))
  for (const [i, vma] of vmas.entries()) {
    const before = vmas[i - 1]
    if (before !== undefined && vma.start < before.end) {
      throw InputError.of(
        `${path}.vmas[${i}].start`,
        'should not be below the end of the one before',
      )
    }
  }
  const lock = fields['mmap_lock']
  return {
    name: asText(fields['name'], `${path}.name`),
    mmapLock: lock === undefined ? 'write' : asOneOf(lock, MMAP_LOCKS, `${path}.mmap_lock`),
    init,
    vmas,
  }
}

/** Swap and migration entries are what else the kernel has there, and they are not modelled. */
function parseUserRun(input: unknown, g: Geometry, path: string): InitRun {
  const run = parseRun(input, path)
  const { start, end } = rangeOf(g, run)
  checkUser(g, start, `${path}.va`)
  checkUser(g, end - 1, `${path}.count`)
  const { lo } = wordsOf(run.desc)
  if (run.level !== 'pte' && run.desc !== 0n && !isPresent(lo)) {
    throw InputError.of(
      `${path}.desc`,
      `${hexOf(run.desc)} is not present; use a page, a block or 0`,
    )
  }
  return run
}

function parseVma(input: unknown, g: Geometry, path: string): Vma {
  const fields = asFields(input, path)
  refuseUnknown(fields, ['start', 'end', 'kind', 'prot'], path)
  const at = (name: string): Va => {
    const va = asVa(fields[name], `${path}.${name}`)
    if (!isAligned(va, g.pageSize)) throw InputError.of(`${path}.${name}`, 'should begin a page')
    return va
  }
  const start = at('start')
  const end = at('end')
  checkUser(g, start, `${path}.start`)
  checkUser(g, end - 1, `${path}.end`)
  if (end <= start) throw InputError.of(`${path}.end`, 'should be above its start')
  const kind = asOneOf(fields['kind'] ?? 'anon', VMA_KINDS, `${path}.kind`)
  const prot = fields['prot'] === undefined ? pageReadonly(g) : parseProt(fields['prot'], path)
  return { start, end, kind, prot }
}

function parseProt(input: unknown, path: string): Words {
  const prot = wordsOf(asU64(input, `${path}.prot`))
  if (!isValid(prot.lo))
    throw InputError.of(`${path}.prot`, 'without VALID (PROT_NONE) is not modelled')
  return prot
}

/** The lower half of the address space, as far as the CPU has address bits. */
function checkUser(g: Geometry, va: Va, path: string): void {
  if (va >= 0 && va < 2 ** g.vaBitsActual) return
  const text = hexOf(fromVa(va))
  throw InputError.of(path, `${text} should be below ${hexOf(1n << BigInt(g.vaBitsActual))}`)
}

const SHARED: Words = { lo: 0x300, hi: 0 }

/** PAGE_READONLY (A/i/pgtable-prot.h), vm_page_prot of private memory that may be written, too. */
const pageReadonly = (g: Geometry): Words =>
  union(
    bits('VALID', 'TYPE', 'USER', 'RDONLY', 'AF', 'NG', 'PXN', 'UXN'),
    ...(g.lpa2Active ? [] : [SHARED]),
  )
