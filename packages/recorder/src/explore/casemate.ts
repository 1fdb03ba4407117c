/**
 * A window of a run as a log for casemate-check 3.0.2, which judges break-before-make and the life of tables. It knows
 * stage 1 of EL2, 4K pages and 48 bits: TTBR1 becomes ttbr0_el2, addresses lose their high bits, VA(A)(L)E1IS becomes
 * vae2is, VMALLE1IS alle2is. Run it with -R: kernel mappings have no lock of their own.
 */
import { type LevelName, InputError } from '@pagetrail/engine'
import type { TraceEvent } from '../event/kinds.ts'
import { heldBefore, type Window } from './window.ts'

/** Where the tables lie in the log: the root, then one a level. */
const BASE = 0x4000_1000n
const PAGE = 0x1000n
const LOCK = 0x4000_6000n
const MASK_48 = (1n << 48n) - 1n
const ROOT_BITS = 39n
const LEVELS: readonly LevelName[] = ['pgd', 'pud', 'pmd', 'pte']
const SHIFTS: Readonly<Partial<Record<LevelName, bigint>>> = { pud: 30n, pmd: 21n, pte: 12n }

export interface Casemate {
  readonly text: string
  /** What of the window it cannot see. */
  readonly limits: readonly string[]
}

const refused = (why: string): InputError =>
  new InputError(`there is no casemate log of this window: ${why}`)

/** @throws InputError for what it has no words for: other pages than 4K, more than one table, accesses alone */
export function casemateOf(window: Window): Casemate {
  const writer = new Log(window)
  writer.start()
  for (const event of window.events) writer.add(event)
  return writer.finish()
}

class Log {
  readonly #window: Window
  readonly #lines: string[] = []
  readonly #limits = new Set<string>()
  /** Start of what the one PTE table translates. */
  readonly #region: bigint
  readonly #flushing = new Set<number>()
  #stores = 0
  readonly #hasBlock: boolean

  constructor(window: Window) {
    this.#window = window
    const stores = window.events.filter((e) => e.kind === 'desc_write')
    const [first] = stores
    if (first?.va == null) throw refused('it stores to no entry')
    this.#region = first.va - (first.va % (1n << 21n))
    this.#hasBlock = stores.some(({ level }) => level === 'pmd')
    for (const { va, level } of stores) {
      if (va === null || va - (va % (1n << 21n)) !== this.#region)
        throw refused('it is about more than 2M')
      if (level !== 'pte' && level !== 'pmd') throw refused(`it stores to a ${level}`)
    }
  }

  #line(kind: string, tid: number, fields: string): void {
    this.#lines.push(`(${kind} (id ${this.#lines.length}) (tid ${tid}) ${fields} (src "w:1"))`)
  }

  #table(level: LevelName): bigint {
    return BASE + BigInt(LEVELS.indexOf(level)) * PAGE
  }

  #slot(level: LevelName, va: bigint): bigint {
    const shift = SHIFTS[level] ?? ROOT_BITS
    return this.#table(level) + (((va & MASK_48) >> shift) & 0x1ffn) * 8n
  }

  #write(tid: number, at: bigint, value: bigint): void {
    this.#line('mem-write', tid, `(mem-order plain) (address ${hex(at)}) (value ${hex(value)})`)
  }

  /** Tables, what they hold, and the registers that make them the ones that are walked. */
  start(): void {
    const tables = Array.from({ length: 5 }, (_, i) => BASE + BigInt(i) * PAGE)
    for (const table of tables) this.#line('mem-init', 0, `(address ${hex(table)}) (size 0x1000)`)
    this.#line('hint', 0, `(kind set_root_lock) (location ${hex(BASE)}) (value ${hex(LOCK)})`)
    for (const table of tables.slice(1)) {
      this.#line('hint', 0, `(kind set_owner_root) (location ${hex(table)}) (value ${hex(BASE)})`)
    }
    for (const [i, level] of LEVELS.slice(0, 3).entries()) {
      const block = level === 'pmd' ? heldBefore(this.#window, 'pmd', this.#region) : null
      const entry = block ?? this.#table(LEVELS[i + 1]!) | 3n
      this.#write(0, this.#slot(level, this.#region), el2(entry))
    }
    for (let page = 0n; page < 512n; page++) {
      const va = this.#region + page * PAGE
      const held = heldBefore(this.#window, 'pte', va)
      if (held !== null) this.#write(0, this.#slot('pte', va), el2(held))
    }
    const registers = { tcr_el2: 0x10, vtcr_el2: 0x10, mair_el2: 0xff, hcr_el2: 0, sctlr_el2: 0 }
    for (const [name, value] of Object.entries(registers)) this.#register(name, BigInt(value))
    this.#register('ttbr0_el2', BASE)
    this.#register('sctlr_el2', 1n)
    this.#line('lock', 0, `(address ${hex(LOCK)})`)
  }

  #register(name: string, value: bigint): void {
    this.#line('sysreg-write', 0, `(sysreg ${name}) (value ${hex(value)})`)
  }

  add(e: TraceEvent): void {
    if (this.#flushing.has(e.cpu) && e.kind !== 'tlbi') {
      this.#flushing.delete(e.cpu)
      this.#line('barrier', e.cpu, 'dsb (kind ish)')
    }
    switch (e.kind) {
      case 'desc_write':
        this.#store(e)
        break
      case 'dsb':
        this.#line('barrier', e.cpu, `dsb (kind ${e.scope ?? 'sy'})`)
        break
      case 'barrier':
        this.#line('barrier', e.cpu, 'dsb (kind ishst)')
        break
      case 'isb':
        this.#line('barrier', e.cpu, 'isb')
        break
      case 'tlb_flush':
        this.#line('barrier', e.cpu, 'dsb (kind ishst)')
        this.#flushing.add(e.cpu)
        break
      case 'tlbi':
        this.#tlbi(e.cpu, e.insn ?? '', e.va, e.pages ?? 1)
        break
      case 'access':
        this.#limits.add('accesses are not part of its log')
        break
      default:
    }
  }

  #store({ cpu, level, va, old, new: value }: Extract<TraceEvent, { kind: 'desc_write' }>): void {
    if (level === null || va === null || value === null)
      throw refused('a store that the run does not show whole')
    this.#stores++
    const isTable = level === 'pmd' && (value & 3n) === 3n
    const stored = isTable ? this.#table('pte') | 3n : el2(value)
    this.#write(cpu, this.#slot(level, va), stored)
    if (old === null || (old & 1n) === 0n || (value & 1n) === 0n) return
    if (((old ^ value) & (1n << 52n)) !== 0n)
      this.#limits.add('it cannot see a torn contiguous span')
    const sameFrame = ((old ^ value) & 0xffff_ffff_f000n) === 0n
    if (sameFrame)
      this.#limits.add('it cannot see a missing flush after a valid entry lost a permission')
    else if ((value & 0x400n) !== 0n) {
      this.#limits.add(
        'it cannot see a new output address without a break where the access flag is set',
      )
    }
  }

  #tlbi(cpu: number, insn: string, va: bigint | null, pages: number): void {
    if (!/^r?va/.test(insn) || va === null) {
      this.#line('tlbi', cpu, 'alle2is')
      return
    }
    // casemate takes "last level" for level 3: a block's has to reach it as well.
    const lastLevel = insn.includes('l') && !this.#hasBlock
    for (let page = 0n; page < BigInt(Math.max(1, pages)); page++) {
      const operand = ((va + page * PAGE) & MASK_48) >> 12n
      this.#line('tlbi', cpu, `${lastLevel ? 'vale2is' : 'vae2is'} (value ${hex(operand)})`)
    }
  }

  finish(): Casemate {
    this.#line('unlock', 0, `(address ${hex(LOCK)})`)
    if (this.#stores > 1) this.#limits.add('it cannot see a lost update')
    return { text: `${this.#lines.join('\n')}\n`, limits: [...this.#limits] }
  }
}

/** Without the bits that an entry of EL2 does not have: 55 to 58 are software's, 53 is PXN of EL1. */
const el2 = (desc: bigint): bigint =>
  desc & ~((0xfn << 55n) | (1n << 53n) | (1n << 51n) | (1n << 63n)) & ~(1n << 59n)

const hex = (value: bigint): string => `0x${value.toString(16)}`
