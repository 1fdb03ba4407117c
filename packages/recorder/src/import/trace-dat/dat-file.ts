import { InputError } from '@pagetrail/engine'
import type { ByteSource } from './byte-source.ts'
import { DatCursor } from './dat-cursor.ts'
import type { DatFile } from './dat-layout.ts'
import { readV6 } from './dat-v6.ts'
import { readV7 } from './dat-v7.ts'

const MAGIC_BYTES = 10

/** Reads everything but the events. Throws InputError for what is not a trace.dat of version 6 or 7. */
export function readDatFile(source: ByteSource): DatFile {
  const head = new DatCursor(source, MAGIC_BYTES, true)
  const version = head.string(8)
  const little = head.u8() === 0
  const longSize = head.u8()
  const cursor = new DatCursor(source, head.at, little)
  const pageSize = cursor.u32()
  if (longSize !== 4 && longSize !== 8)
    throw new InputError(`expected longs of 4 or 8 bytes, found ${longSize}`)
  if (pageSize < 1024 || pageSize > 1 << 26)
    throw new InputError(`expected a page size, found ${pageSize}`)
  if (version === '6') return readV6(source, cursor, longSize, pageSize)
  if (version === '7') return readV7(source, cursor, longSize)
  throw new InputError(
    `trace.dat of version ${JSON.stringify(version)}; 6 and 7 are read: convert it with trace-cmd convert`,
  )
}
