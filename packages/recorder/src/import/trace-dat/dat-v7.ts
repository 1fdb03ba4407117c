import { InputError } from '@pagetrail/engine'
import { type ByteSource, MemorySource } from './byte-source.ts'
import { DatCursor } from './dat-cursor.ts'
import { chosenClock, type CpuData, type DatBuffer, type DatFile, releaseOf } from './dat-layout.ts'
import { MAX_TRACE_CPUS, readFormats, readFtraceFormats } from './dat-formats.ts'
import { type Unpack, unpacker } from './unpack.ts'

const DONE = 0
const BUFFER = 3
const TRACECLOCK = 4
const UNAME = 5
const HEADER_INFO = 16
const FTRACE_EVENTS = 17
const EVENT_FORMATS = 18
const KALLSYMS = 19
const PRINTK = 20
const CMDLINES = 21

/** Bit of a section's flags. */
const PACKED = 1

/** Sections of options chained together; a longer chain goes in circles. */
const MAX_OPTION_SECTIONS = 1000

interface Parts {
  /** Offsets of sections by the option that names them. */
  readonly sections: Map<number, number>
  clock: string | null
  kernel: string | null
  readonly buffers: DatBuffer[]
}

/** Version 7: sections anywhere, named by a chain of options. */
export function readV7(source: ByteSource, head: DatCursor, longSize: number): DatFile {
  const unpack = unpacker(head.string(64))
  head.string(64)
  const parts: Parts = { sections: new Map(), clock: null, kernel: null, buffers: [] }
  const file = { source, little: head.little, unpack }
  let next = head.u64()
  for (let n = 0; next !== 0; n++) {
    if (n > MAX_OPTION_SECTIONS) throw new InputError('the options of the trace.dat go in circles')
    next = readOptions(openSection(file, next), parts)
  }
  const open = (id: number): DatCursor | undefined => {
    const at = parts.sections.get(id)
    return at === undefined ? undefined : openSection(file, at)
  }
  const header = open(HEADER_INFO)
  if (!header || parts.buffers.length === 0)
    throw new InputError('expected events in the trace.dat, found none: was its recording cut off?')
  header.expect('header_page\0')
  const own = open(FTRACE_EVENTS)
  const events = open(EVENT_FORMATS)
  const cmdlines = open(CMDLINES)
  return {
    version: 7,
    little: head.little,
    longSize,
    source,
    headerPage: header.text(header.u64()),
    formats: [...(own ? readFtraceFormats(own) : []), ...(events ? readFormats(events) : [])],
    cmdlines: cmdlines ? cmdlines.text(cmdlines.u64()) : '',
    printk: () => {
      const formats = open(PRINTK)
      return formats ? formats.text(formats.u32()) : ''
    },
    kallsyms: () => {
      const symbols = open(KALLSYMS)
      return symbols ? symbols.text(symbols.u32()) : ''
    },
    kernel: parts.kernel,
    buffers: parts.buffers.map(({ name, clock, pageSize, cpus }) => {
      return { name, clock: clock || parts.clock, pageSize, cpus }
    }),
    unpack,
  }
}

interface Container {
  readonly source: ByteSource
  readonly little: boolean
  readonly unpack: Unpack | null
}

/** The content of a section, unpacked: id, flags, where its description is, size. */
function openSection({ source, little, unpack }: Container, at: number): DatCursor {
  const cursor = new DatCursor(source, at, little)
  cursor.u16()
  const packed = (cursor.u16() & PACKED) !== 0
  cursor.u32()
  const size = cursor.u64()
  if (!packed) return cursor
  if (!unpack) throw new InputError(`the section at byte ${at} is packed, the file says by nothing`)
  const packedSize = cursor.u32()
  const plainSize = cursor.u32()
  if (packedSize + 8 > size) throw new InputError(`the section at byte ${at} is damaged`)
  return new DatCursor(new MemorySource(unpack(cursor.bytes(packedSize), plainSize)), 0, little)
}

/** Reads a section of options; the offset of the next, or 0. */
function readOptions(cursor: DatCursor, parts: Parts): number {
  for (;;) {
    const id = cursor.u16()
    const end = cursor.u32() + cursor.at
    if (id === DONE) return cursor.u64()
    if (id === BUFFER) parts.buffers.push(readBuffer(cursor))
    else if (id === TRACECLOCK) parts.clock = chosenClock(cursor.text(end - cursor.at))
    else if (id === UNAME) parts.kernel = releaseOf(cursor.text(end - cursor.at))
    else if (id >= HEADER_INFO) parts.sections.set(id, cursor.u64())
    cursor.at = end
  }
}

function readBuffer(cursor: DatCursor): DatBuffer {
  cursor.u64()
  const name = cursor.string()
  const clock = cursor.string()
  const pageSize = cursor.u32()
  const count = cursor.u32()
  if (count > MAX_TRACE_CPUS) throw new InputError(`expected a number of CPUs, found ${count}`)
  const cpus = Array.from({ length: count }, (): CpuData => ({
    cpu: cursor.u32(),
    offset: cursor.u64(),
    size: cursor.u64(),
  }))
  return { name, clock, pageSize, cpus }
}
