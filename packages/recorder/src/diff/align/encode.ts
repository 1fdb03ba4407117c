import { LEVEL_NAMES, PTE } from '@pagetrail/engine'

import { isForeignSpan } from '../../event/flush-group.ts'
import { type Kind, KINDS, type TraceEvent } from '../../event/kinds.ts'
import { leadsToTable } from '../../descriptor/bits.ts'
import { highWord, lowWord, take } from '../../event/words.ts'
import type { Addresses, Addressing } from './addresses.ts'
import type { Reader, Readers, Texts, EventValue } from './field-readers.ts'
import { FlushFolder } from './fold-flush.ts'
import { type Aftermath, isNothing, NO_AFTERMATH } from '../../observers/effect-log.ts'
import { type After, NO_AFTER, placeNumber, Placer, renamed } from './after.ts'
import { HAS, T, type Tokens } from './tokens.ts'

export interface EncoderOptions {
  readonly texts: Texts
  readonly readers: Readers
  readonly ignored: ReadonlySet<string>
  /** What both runs would show. */
  readonly shown: ReadonlySet<Kind>
  /** Both runs show in one way what flushes and barriers are made of. */
  readonly sameForm: boolean
  readonly addresses: Addressing
  readonly matches: ((event: TraceEvent) => boolean) | null
  /** 4K pages in one of the granule. */
  readonly step: number
}

/** Turns the events of one call at a time into tokens. */
export class Encoder {
  private readonly options: EncoderOptions
  private readonly addresses: Addresses
  private readonly flushes: FlushFolder
  /** Open functions that flush what others unmapped. */
  private foreign = 0
  private readonly placer: Placer

  constructor(options: EncoderOptions, addresses: Addresses) {
    this.options = options
    this.addresses = addresses
    this.flushes = new FlushFolder(options.shown, options.step)
    this.placer = new Placer(addresses, options.step)
  }

  startCall(call: Parameters<Addresses['startCall']>[0]): void {
    this.addresses.startCall(call)
    this.flushes.reset()
    this.foreign = 0
  }

  add(event: TraceEvent, tokens: Tokens): void {
    const { kind, seq } = event
    const { ignored, matches, shown, sameForm } = this.options
    if (ignored.has(kind) || (matches && !matches(event))) return
    const foreign = isForeignSpan(event)
    if (foreign && kind === 'span_end') this.foreign = Math.max(0, this.foreign - 1)
    // Lean definitions do not have these spans either.
    if (this.foreign > 0 || (foreign && !shown.has('tlb_flush'))) {
      tokens.setAside(seq)
      if (sameForm && shown.has(kind) && shown.has('tlb_flush')) tokens.others.add(event)
    } else if (this.flushes.takes(event, tokens)) this.place(event, tokens)
    else if (!shown.has(kind)) tokens.setAside(seq)
    else this.encode(event, tokens)
    if (foreign && kind === 'span_begin') this.foreign++
  }

  /** After the last event of the call. Returns where the harm lies that it made and ended. */
  endCall(tokens: Tokens, aftermath: Aftermath = NO_AFTERMATH): After {
    const { addresses } = this
    tokens.finish()
    const after = isNothing(aftermath) ? NO_AFTER : this.placer.place(aftermath)
    const rename = addresses.renaming()
    if (rename === null) return after
    tokens.rewrite((words, at) => {
      rename(words[at + T.VA]!, words[at + T.VA + 1]!)
      words[at + T.VA] = addresses.lo
      words[at + T.VA + 1] = addresses.hi
    })
    return renamed(after, (place) => {
      rename(place >>> 0, Math.floor(place / 2 ** 32) >>> 0)
      return placeNumber(addresses)
    })
  }

  /** A flush folded from single instructions: its address becomes known with them. */
  private place(event: TraceEvent, tokens: Tokens): void {
    const { flushes } = this
    const { shown, sameForm } = this.options
    const hasRow = flushes.changed && event.kind === 'tlbi' && shown.has('tlbi')
    if (sameForm && !hasRow && shown.has(event.kind)) tokens.unplaced.add(event)
    if (!flushes.changed) return
    const at = tokens.at(flushes.row)
    this.addresses.place(flushes.va >>> 0, Math.floor(flushes.va / 2 ** 32) >>> 0)
    tokens.words[at + T.VA] = this.addresses.lo
    tokens.words[at + T.VA + 1] = this.addresses.hi
    const size = flushes.end - flushes.va
    tokens.words[at + T.SIZE] = size >>> 0
    tokens.words[at + T.SIZE + 1] = Math.floor(size / 2 ** 32)
    if (hasRow) this.encode(event, tokens)
  }

  private encode(event: TraceEvent, tokens: Tokens): void {
    const at = tokens.row(event.seq)
    const { words } = tokens
    const id = KINDS[event.kind].id
    words[at] = id
    const fields = fieldValues(event)
    let has = 0
    // Of a store's two values the old one is placed first: where the new one leads is named after it.
    let before: number | null = null
    for (const reader of this.options.readers.get(event.kind) ?? []) {
      const value = fields[reader.name]
      if (value === null || value === undefined) continue
      has |= reader.bit
      if (typeof value === 'bigint') {
        before = this.putLong(words, at + reader.word, reader, event, value, before)
      } else this.putSmall(words, at, reader, value)
    }
    if (event.kind === 'desc_write' && this.options.addresses === 'relative')
      has = change(words, at, has)
    words[at + T.HAS] = has
    tokens.fields[id]! |= has
    if (before !== null && event.kind === 'desc_write' && event.level === 'pte') {
      this.addresses.mapped(words[at + T.VA]!, words[at + T.VA + 1]!, before)
    }
  }

  /** Returns the output page of a descriptor, for the one that replaces it. */
  private putLong(
    words: Uint32Array,
    at: number,
    reader: Reader,
    event: TraceEvent,
    value: bigint,
    before: number | null,
  ): number | null {
    take(value)
    const lo = lowWord()
    const hi = highWord()
    const { addresses } = this
    let page = before
    words[at] = lo
    words[at + 1] = hi
    if (reader.type === 'end') {
      const va = event.kind !== 'table_alloc' && 'va' in event ? event.va : null
      take(BigInt.asUintN(64, value - (va ?? 0n)))
      words[at] = lowWord()
      words[at + 1] = highWord()
    } else if (reader.role === 'address') {
      addresses.place(lo, hi)
      words[at] = addresses.lo
      words[at + 1] = addresses.hi
    } else if (reader.role === 'table') {
      words[at] = addresses.tableIndex(lo, hi)
      words[at + 1] = 0
    } else if (reader.role === 'descriptor' && event.kind === 'desc_write') {
      addresses.descriptor(leadsToTable(event.level, lo), lo, hi, before)
      words[at] = addresses.lo
      words[at + 1] = addresses.hi
      page = addresses.pageOf(lo, hi)
    }
    return page
  }

  private putSmall(
    words: Uint32Array,
    at: number,
    reader: Reader,
    value: Exclude<EventValue, bigint>,
  ): void {
    const word = at + reader.word
    switch (reader.type) {
      case 'level':
        words[at]! |= (LEVEL_NAMES.findIndex((name) => name === value) + 1) << 8
        break
      case 'depth':
        words[at]! |= (Math.min(Number(value), PTE) + 1) << 8
        break
      case 'name': {
        const [role, name] = this.options.texts.nameIds(String(value))
        words[word] = role
        words[at + T.NAME] = name
        break
      }
      case 'enum':
        words[word] = reader.values.indexOf(String(value))
        break
      default:
        words[word] = Number(value)
        // Negative numbers keep their sign in a 64-bit field.
        if (reader.word !== T.RET && Number(value) < 0) words[word + 1] = 0xffffffff
    }
  }
}

/**
 * Of runs of different boots, a store is compared by the bits that it set and cleared: what else an entry holds (nG
 * with KPTI, the dirty bit of some versions) was there before. They go to fields that a store does not use; the values
 * stay.
 */
function change(words: Uint32Array, at: number, has: number): number {
  if ((has & HAS.OLD) === 0 || (has & HAS.NEW) === 0) return has
  for (const half of [0, 1]) {
    const toggled = words[at + T.OLD + half]! ^ words[at + T.NEW + half]!
    words[at + T.SIZE + half] = toggled
    words[at + T.AUX + half] = toggled & words[at + T.NEW + half]!
  }
  return (has & ~(HAS.OLD | HAS.NEW)) | HAS.SIZE | HAS.AUX
}

/** The fields of an event by name: TypeScript has no way to index a union by its members' own keys. */
const fieldValues = (event: object): Readonly<Record<string, EventValue>> =>
  event as Readonly<Record<string, EventValue>>
