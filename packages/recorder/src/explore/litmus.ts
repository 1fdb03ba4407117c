/**
 * A window of a run as a litmus test for herd7 (AArch64, variant vmsa): the instructions of each CPU on one last-level
 * entry, and the question that the window asks. herd7 has one level of tables and no contiguous bit: what it cannot
 * say is refused. Races on the value of an entry alone (lost updates) are a test of integers, without vmsa.
 */
import { InputError, isCont } from '@pagetrail/engine'
import type { TraceEvent } from '../event/kinds.ts'
import { highWord, lowWord, take } from '../event/words.ts'
import { heldBefore, type Window } from './window.ts'

const MAX_CPUS = 4
const MAX_INSTRUCTIONS = 24

export interface Litmus {
  readonly text: string
  readonly name: string
  /** herd7 needs this variant beside vmsa. */
  readonly variant: string
}

export interface LitmusOptions {
  readonly ets2: boolean
  /** What the search says: some execution meets the condition, or none does; null: it was not asked. */
  readonly verdict: 'Sometimes' | 'Never' | null
}

/** An access of a thread, by its label. */
interface Access {
  readonly cpu: number
  readonly label: string
  readonly register: string
  readonly mode: 'read' | 'write' | 'exec'
}

interface Thread {
  readonly lines: string[]
  readonly inits: Map<string, string>
  /** It waits for the flag. */
  waits: boolean
}

/** @throws InputError naming what herd7 has no words for */
export function litmusOf(window: Window, options: LitmusOptions): Litmus {
  const page = pageOf(window)
  const first = heldBefore(window, 'pte', page)
  if (first === null) throw refused('the run does not say what the entry held before the window')
  const writer = new Writer(first)
  for (const event of window.events) writer.add(event)
  return writer.finish(window.name, options)
}

export const refused = (why: string): InputError =>
  new InputError(`there is no litmus test of this window: ${why}`)

/** The one page that the window is about. */
function pageOf({ events }: Window): bigint {
  const pages = new Set<bigint>()
  for (const e of events) {
    if (e.kind === 'desc_write' || e.kind === 'access') {
      if (e.kind === 'desc_write' && e.level !== 'pte')
        throw refused(`it stores to a ${e.level}; herd7 has one level`)
      if (e.va !== null) pages.add(e.va - (e.va % 0x1000n))
    }
    if (e.kind === 'table_alloc' || e.kind === 'table_free')
      throw refused('it allocates or frees a table')
  }
  const [page, other] = pages
  if (page === undefined) throw refused('it stores to no entry and accesses nothing')
  if (other !== undefined) throw refused('it is about more than one page')
  return page
}

class Writer {
  readonly #first: bigint
  readonly #threads: Thread[] = []
  readonly #accesses: Access[] = []
  #last: bigint
  #second: bigint | null = null
  #usesFlag = false
  /** CPUs whose flush waits for its last dsb. */
  readonly #flushing = new Set<number>()

  constructor(first: bigint) {
    this.#first = first
    this.#last = first
    this.#pte(first)
  }

  #thread(cpu: number): Thread {
    if (cpu >= MAX_CPUS) throw refused(`CPU ${cpu}: at most ${MAX_CPUS} CPUs are asked about`)
    for (let at = this.#threads.length; at <= cpu; at++) {
      this.#threads.push({ lines: [], inits: new Map(), waits: false })
    }
    return this.#threads[cpu]!
  }

  add(e: TraceEvent): void {
    if (this.#flushing.has(e.cpu) && e.kind !== 'tlbi') {
      this.#flushing.delete(e.cpu)
      this.#thread(e.cpu).lines.push('DSB ISH')
    }
    switch (e.kind) {
      case 'desc_write':
        this.#store(e.cpu, e.new)
        break
      case 'dsb':
      case 'dmb':
        this.#thread(e.cpu).lines.push(`${e.kind.toUpperCase()} ${(e.scope ?? 'sy').toUpperCase()}`)
        break
      case 'isb':
        this.#isb(this.#thread(e.cpu))
        break
      case 'barrier':
        this.#thread(e.cpu).lines.push('DSB ISHST', 'ISB')
        break
      case 'tlb_flush':
        this.#thread(e.cpu).lines.push('DSB ISHST')
        this.#flushing.add(e.cpu)
        break
      case 'tlbi':
        this.#tlbi(this.#thread(e.cpu), e.insn ?? '')
        break
      case 'access':
        this.#access(e.cpu, e.mode ?? 'read')
        break
      case 'lock':
      case 'unlock':
        this.#flag(e.cpu, e.fn, e.kind === 'unlock')
        break
      default:
    }
  }

  /** An isb after a flag was seen is ordered after it by a branch on the flag. */
  #isb(thread: Thread): void {
    const waited = thread.lines.at(-1) === 'LDR W7,[X8]'
    if (waited) thread.lines.push('CBNZ W7,L9', 'L9: ISB')
    else thread.lines.push('ISB')
  }

  #tlbi(thread: Thread, insn: string): void {
    if (!/^r?va/.test(insn)) {
      thread.lines.push(`TLBI ${insn.toUpperCase()}`)
      return
    }
    // herd7 knows no range form: the page is named.
    thread.inits.set('X2', 'x')
    thread.lines.push('LSR X9,X2,#12', `TLBI ${insn.replace(/^r/, '').toUpperCase()},X9`)
  }

  #flag(cpu: number, fn: string | null, raises: boolean): void {
    if (fn !== 'flag') throw refused(`it takes ${fn ?? 'a lock'}; locks are not instructions`)
    const thread = this.#thread(cpu)
    this.#usesFlag = true
    thread.inits.set('X8', 'flag')
    if (raises) thread.lines.push('MOV W7,#1', 'STR W7,[X8]')
    else {
      thread.lines.push('LDR W7,[X8]')
      thread.waits = true
    }
  }

  #store(cpu: number, value: bigint | null): void {
    if (value === null) throw refused('a store whose value the run does not show')
    const thread = this.#thread(cpu)
    const register = [...thread.inits.keys()].includes('X0') ? 'X4' : 'X0'
    if (register === 'X4' && thread.inits.has('X4'))
      throw refused('a CPU stores more than two values')
    thread.inits.set(register, this.#pte(value))
    thread.inits.set('X1', 'PTE(x)')
    thread.inits.set('X2', 'x')
    thread.lines.push(`STR ${register},[X1]`)
    this.#last = value
  }

  #access(cpu: number, mode: 'read' | 'write' | 'exec'): void {
    if (mode === 'exec') throw refused('an instruction fetch')
    const thread = this.#thread(cpu)
    thread.inits.set('X2', 'x')
    const own = this.#accesses.filter((access) => access.cpu === cpu).length
    const register = own === 0 ? 'W3' : 'W4'
    const label = `L${own}`
    if (own > 1) throw refused('a CPU accesses the page more than twice')
    if (mode === 'write') thread.lines.push(`MOV ${register},#2`, `${label}: STR ${register},[X2]`)
    else thread.lines.push(`${label}: LDR ${register},[X2]`)
    this.#accesses.push({ cpu, label, register: register.replace('W', 'X'), mode })
  }

  /** An entry in herd7's words; another output address is that of y. */
  #pte(value: bigint): string {
    take(value)
    const lo = lowWord()
    if (isCont(highWord())) throw refused('the entry is contiguous; herd7 has no contiguous bit')
    const frame = (value >> 12n) & 0xf_ffff_ffffn
    const own = (this.#first >> 12n) & 0xf_ffff_ffffn
    if (frame !== own && (lo & 1) !== 0) this.#second ??= frame
    if (frame !== own && (lo & 1) !== 0 && frame !== this.#second)
      throw refused('more than two output addresses')
    const at = frame === own || (lo & 1) === 0 ? 'x' : 'y'
    const valid = (lo & 1) === 0 ? ', valid:0' : ''
    const af = (lo & 0x400) === 0 ? ', af:0' : ''
    const db = (lo & 0x80) === 0 ? '' : ', db:0'
    return `(oa:PA(${at})${valid}${af}${db})`
  }

  finish(name: string, { ets2, verdict }: LitmusOptions): Litmus {
    const long = this.#threads.findIndex(({ lines }) => lines.length > MAX_INSTRUCTIONS)
    if (long !== -1) throw refused(`CPU ${long} has more than ${MAX_INSTRUCTIONS} instructions`)
    const condition = this.#condition()
    const variant = ets2 ? 'vmsa,ets2' : 'vmsa'
    const said = verdict === null ? 'not searched' : `${verdict}, by the model of this run's search`
    const lines = [
      `AArch64 ${name}`,
      `"${name}: herd7 -variant ${variant} ${name}.litmus; expected: ${said}"`,
      `Variant=${variant}`,
      '{',
      ...this.#start(),
      '}',
      ...threadTable(this.#threads.map(({ lines: own }) => own)),
      `exists (${condition})`,
    ]
    return { name, variant, text: `${lines.join('\n')}\n` }
  }

  #start(): string[] {
    const lines = [' [x]=1;']
    if (this.#second !== null) lines.push(' [y]=2;')
    if (this.#usesFlag) lines.push(' [flag]=0;')
    lines.push(` [PTE(x)]=${this.#pte(this.#first)};`)
    for (const [cpu, { inits }] of this.#threads.entries()) {
      for (const [register, value] of inits) lines.push(` ${cpu}:${register}=${value};`)
    }
    return lines
  }

  /** What must not be: a fault of what the entry allows in the end, none of what it forbids, the old after the new. */
  #condition(): string {
    const access = this.#accesses.at(-1)
    if (access === undefined) throw refused('no CPU accesses the page: there is nothing to ask')
    const { cpu, label } = access
    const flag = this.#threads[cpu]?.waits === true ? `${cpu}:X7=1 /\\ ` : ''
    if (this.#second !== null) {
      const own = this.#accesses.filter((each) => each.cpu === cpu)
      const [one, two] = own
      if (one !== undefined && two !== undefined)
        return `${cpu}:${one.register}=2 /\\ ${cpu}:${two.register}=1`
      return `${flag}${cpu}:${access.register}=1`
    }
    take(this.#last)
    const lo = lowWord()
    const forbids = (lo & 1) === 0 || (access.mode === 'write' && (lo & 0x80) !== 0)
    return `${flag}${forbids ? '~' : ''}fault(P${cpu}:${label},x)`
  }
}

/** Threads side by side, as herd7 reads them. */
export function threadTable(threads: readonly (readonly string[])[]): string[] {
  const height = Math.max(...threads.map(({ length }) => length))
  const widths = threads.map((lines, cpu) =>
    Math.max(`P${cpu}`.length, ...lines.map(({ length }) => length)),
  )
  const row = (cells: readonly string[]): string =>
    ` ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} ;`
  const body = Array.from({ length: height }, (_, at) =>
    row(threads.map((lines) => lines[at] ?? '')),
  )
  return [row(threads.map((_, cpu) => `P${cpu}`)), ...body]
}
