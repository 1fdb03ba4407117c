import { createHash } from 'node:crypto'

import { type Batch, SMALL_COLUMNS } from '../event/batch.ts'

/** Characters that are handed on at once. */
const MOST_TOGETHER = 1 << 16

/** What a run's first batch is chained to. */
export const NO_DIGEST = new Uint8Array(32)

/** A name that a run uses for the first time, with the id it has in the file. */
export interface NewName {
  readonly id: number
  readonly text: string
}

/**
 * SHA-256 of the previous batch's digest, the names first used here, and the batch's columns as they lie in memory:
 * little endian, ids as in the file, unset words zero. A change of any committed event, name or order changes this
 * digest and all later ones of the run.
 */
export function digestBatch(
  previous: Uint8Array,
  batch: Batch,
  names: readonly NewName[],
): Uint8Array {
  const n = batch.length
  const hash = createHash('sha256').update('pagetrail batch 1\n').update(previous)
  for (const { id, text } of names) hash.update(`${id} ${text.length} ${text}\n`)
  for (const name of SMALL_COLUMNS) hash.update(batch[name].subarray(0, n))
  hash.update(batch.ret.subarray(0, n))
  hash.update(batch.hasRet.subarray(0, n))
  hash.update(batch.present.subarray(0, n))
  hash.update(batch.usedWords())
  // Together: a call for each text takes longer than the texts.
  let texts = ''
  for (let i = 0; i < n; i++) {
    const text = batch.extra[i]
    if (text === null || text === undefined) continue
    texts += `${i} ${text.length} ${text}\n`
    if (texts.length < MOST_TOGETHER) continue
    hash.update(texts)
    texts = ''
  }
  hash.update(texts)
  for (const [i, text] of batch.more) hash.update(`more ${i} ${text.length} ${text}\n`)
  return hash.digest()
}

/** Bit k is set if an event of kind k is in the batch. */
export function kindsIn(batch: Batch): bigint {
  const { kind, length } = batch
  let lo = 0
  let hi = 0
  for (let i = 0; i < length; i++) {
    const id = kind[i]!
    if (id < 32) lo |= 1 << id
    else hi |= 1 << (id - 32)
  }
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)
}
