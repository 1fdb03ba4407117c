import { BriefMap } from '../../tables/brief-map.ts'
import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import type { KnownEntry } from '../../observers/known-entries.ts'
import { unitKey } from '../../observers/rows/version-rows.ts'
import { highWord, lowWord, take } from '../../event/words.ts'

/** What a CPU last read from an entry. */
export type EntryRead = Pick<KnownEntry, 'lo' | 'hi' | 'seq'>

/**
 * Reads of entries per CPU, from loads in interleaved runs and from what callbacks found. Only an entry that somebody
 * is at work on is worth remembering: whoever uses it clears it when no call is live.
 */
export class EntryReads {
  readonly #byCpu = new Map<number, BriefMap<number, EntryRead>>()

  add(cpu: number, level: LevelName, page: number, value: bigint, seq: number): void {
    take(value)
    let reads = this.#byCpu.get(cpu)
    if (reads === undefined) this.#byCpu.set(cpu, (reads = new BriefMap<number, EntryRead>()))
    reads.set(keyOf(level, page), { lo: lowWord(), hi: highWord(), seq })
  }

  /** It is forgotten with that. */
  take(cpu: number, level: LevelName, page: number): EntryRead | undefined {
    const reads = this.#byCpu.get(cpu)
    if (reads === undefined || reads.size === 0) return undefined
    const key = keyOf(level, page)
    const read = reads.get(key)
    if (read !== undefined) reads.delete(key)
    return read
  }

  clear(): void {
    for (const reads of this.#byCpu.values()) reads.clear()
  }
}

const LEVEL = Object.fromEntries(LEVEL_NAMES.map((name, i) => [name, i])) as Record<
  LevelName,
  number
>

const keyOf = (level: LevelName, page: number): number => unitKey(LEVEL[level], page)
