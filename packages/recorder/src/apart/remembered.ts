import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { allCalls } from '../diff/align/side.ts'
import { digestSide, type SideDigest, type SideRequest } from '../diff/align/side-digest.ts'
import type { EventSource } from '../event/run.ts'
import type { SideRead } from './side-protocol.ts'

/** Version of what a digest is made of and of its form: others are not used. */
const VERSION = 9
/** A shorter run is read as soon. */
const WORTH_EVENTS = 5000
/** A larger digest is not kept: its calls hardly repeat, and reading it takes as long as reading them. */
const MAX_BYTES = 64 << 20

/** Reads a side, or has it from the file; proven either way. */
export function sideHere(source: EventSource, request: SideRequest): SideRead {
  const kept = isKept(source) ? source.keep?.read(nameOf(source, request)) : undefined
  const known = kept && digestIn(kept)
  if (known) {
    source.proof?.prove()
    return { digest: known, isNew: false, proven: null }
  }
  return { digest: readProving(source, request), isNew: true, proven: null }
}

/** Reads a side while it is proven: events batch by batch, and at the end the calls that they were read by. */
function readProving(source: EventSource, request: SideRequest): SideDigest {
  let failed = true
  try {
    const digest = digestSide(source, request, allCalls(source, source.unproven?.()))
    failed = false
    source.proof?.prove()
    return digest
  } finally {
    // Whatever reading came upon, a damaged file is what is to be said of it.
    if (failed) source.proof?.prove()
  }
}

/** Keeps a side that was read, unless that does not pay. */
export function rememberSide(source: EventSource, request: SideRequest, read: SideRead): void {
  if (!read.isNew || !isKept(source)) return
  const body = serialize(read.digest)
  if (body.length <= MAX_BYTES)
    source.keep?.write(nameOf(source, request), zstdCompressSync(body), PREFIX)
}

const isKept = ({ keep, run }: EventSource): boolean =>
  keep !== undefined && run.state !== 'recording' && run.events >= WORTH_EVENTS

/** Whether {@link sideHere} would find it. */
export const isRemembered = (source: EventSource, request: SideRequest): boolean =>
  isKept(source) && source.keep?.read(nameOf(source, request)) !== undefined

const PREFIX = 'calls '

/** By all that a digest depends on besides the events. */
function nameOf({ run }: EventSource, request: SideRequest): string {
  const { geometry, source, facts, flavour, kernel } = run
  const text = JSON.stringify([VERSION, request, { geometry, source, facts, flavour, kernel }])
  return PREFIX + createHash('sha256').update(text).digest('hex').slice(0, 32)
}

function digestIn(body: Uint8Array): SideDigest | undefined {
  try {
    const value: unknown = deserialize(zstdDecompressSync(body))
    return isDigest(value) ? value : undefined
  } catch {
    // Another version of Node may write another form: it is read anew then.
    return undefined
  }
}

/** Its bytes are what was written, and by this version: one look is enough. */
const isDigest = (value: unknown): value is SideDigest =>
  typeof value === 'object' && value !== null && 'streams' in value && 'calls' in value
