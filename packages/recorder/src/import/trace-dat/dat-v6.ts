import { InputError } from '@pagetrail/engine'
import type { ByteSource } from './byte-source.ts'
import type { DatCursor } from './dat-cursor.ts'
import { chosenClock, type CpuData, type DatBuffer, type DatFile, releaseOf } from './dat-layout.ts'
import { MAX_TRACE_CPUS, readFormats, readFtraceFormats } from './dat-formats.ts'
import { decodeUtf8 } from '../bytes/utf8.ts'

const OPTION_BUFFER = 3
const OPTION_TRACECLOCK = 4
const OPTION_UNAME = 5

interface Options {
  clock: string | null
  kernel: string | null
  /** Other instances: where their data is described. */
  instances: { name: string; at: number }[]
}

/** Version 6: parts in a fixed order. */
export function readV6(
  source: ByteSource,
  cursor: DatCursor,
  longSize: number,
  pageSize: number,
): DatFile {
  cursor.expect('header_page\0')
  const headerPage = cursor.text(cursor.u64())
  cursor.expect('header_event\0')
  cursor.bytes(cursor.u64())
  const formats = [...readFtraceFormats(cursor), ...readFormats(cursor)]
  const kallsyms = cursor.bytes(cursor.u32())
  const printk = cursor.bytes(cursor.u32())
  const cmdlines = cursor.text(cursor.u64())
  const cpus = cursor.u32()
  const options: Options = { clock: null, kernel: null, instances: [] }
  let kind = cursor.text(10)
  if (kind === 'options  \0') {
    readOptions(cursor, options)
    kind = cursor.text(10)
  }
  if (kind !== 'flyrecord\0')
    throw new InputError('expected events of CPUs, found a latency trace; save it as text instead')
  const { clock, kernel, instances } = options
  const top: DatBuffer = { name: '', clock, pageSize, cpus: cpuTable(cursor, cpus) }
  const others = instances.map(({ name, at }): DatBuffer => {
    cursor.at = at
    if (cursor.text(10) === 'options  \0') {
      readOptions(cursor, { clock: null, kernel: null, instances: [] })
      cursor.expect('flyrecord\0')
    }
    return { name, clock, pageSize, cpus: cpuTable(cursor, cpus) }
  })
  return {
    version: 6,
    little: cursor.little,
    longSize,
    source,
    headerPage,
    formats,
    cmdlines,
    printk: () => decodeUtf8(printk),
    kallsyms: () => decodeUtf8(kallsyms),
    kernel,
    buffers: [top, ...others],
    unpack: null,
  }
}

function cpuTable(cursor: DatCursor, cpus: number): CpuData[] {
  if (cpus > MAX_TRACE_CPUS) throw new InputError(`expected a number of CPUs, found ${cpus}`)
  return Array.from({ length: cpus }, (_, cpu) => ({
    cpu,
    offset: cursor.u64(),
    size: cursor.u64(),
  }))
}

function readOptions(cursor: DatCursor, options: Options): void {
  for (let id = cursor.u16(); id !== 0; id = cursor.u16()) {
    const end = cursor.u32() + cursor.at
    if (id === OPTION_BUFFER) {
      const at = cursor.u64()
      options.instances.push({
        name: cursor.text(Math.max(0, end - cursor.at)).replace(/\0.*$/s, ''),
        at,
      })
    } else if (id === OPTION_TRACECLOCK) options.clock = chosenClock(cursor.text(end - cursor.at))
    else if (id === OPTION_UNAME) options.kernel = releaseOf(cursor.text(end - cursor.at))
    cursor.at = end
  }
}
