import { deflateSync, zstdCompressSync } from 'node:zlib'

/** What goes into a trace.dat that a test makes. */
export interface DatParts {
  readonly headerPage: string
  readonly ownFormats: readonly string[]
  readonly formats: readonly string[]
  readonly cmdlines: string
  readonly kallsyms: string
  readonly uname: string
  readonly clock: string
  /** Pages of the ring buffer by CPU. */
  readonly pages: readonly Uint8Array[]
}

export const PAGE = 4096

const text = (value: string): Buffer => Buffer.from(value)
const u16 = (value: number): Buffer => number(2, (b) => b.writeUInt16LE(value))
const u32 = (value: number): Buffer => number(4, (b) => b.writeUInt32LE(value))
const u64 = (value: number): Buffer => number(8, (b) => b.writeBigUInt64LE(BigInt(value)))

function number(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size)
  write(buffer)
  return buffer
}

const sized = (content: Uint8Array): Buffer => Buffer.concat([u64(content.length), content])
const option = (id: number, content: Uint8Array): Buffer =>
  Buffer.concat([u16(id), u32(content.length), content])
const head = (version: string): Buffer =>
  Buffer.concat([
    Buffer.from([0x17, 0x08, 0x44]),
    text(`tracing${version}\0`),
    Buffer.from([0, 8]),
    u32(PAGE),
  ])

const headerInfo = ({ headerPage }: DatParts): Buffer =>
  Buffer.concat([
    text('header_page\0'),
    sized(text(headerPage)),
    text('header_event\0'),
    sized(text('')),
  ])
const ownFormats = ({ ownFormats }: DatParts): Buffer =>
  Buffer.concat([u32(ownFormats.length), ...ownFormats.map((f) => sized(text(f)))])
const formats = ({ formats }: DatParts): Buffer =>
  Buffer.concat([
    u32(1),
    text('kperm\0'),
    u32(formats.length),
    ...formats.map((f) => sized(text(f))),
  ])

/** Version 6: parts in a fixed order, events on page boundaries. */
export function writeV6(parts: DatParts): Buffer {
  const { cmdlines, kallsyms, uname, clock, pages } = parts
  const before = Buffer.concat([
    head('6'),
    headerInfo(parts),
    ownFormats(parts),
    formats(parts),
    u32(kallsyms.length),
    text(kallsyms),
    u32(0),
    sized(text(cmdlines)),
    u32(pages.length),
    text('options  \0'),
    option(4, text(`local [${clock}]\n\0`)),
    option(5, text(`${uname}\0`)),
    u16(0),
    text('flyrecord\0'),
  ])
  let offset = Math.ceil((before.length + 16 * pages.length) / PAGE) * PAGE
  const start = offset
  const table = pages.map((page) => {
    const entry = Buffer.concat([u64(offset), u64(page.length)])
    offset += page.length
    return entry
  })
  const described = Buffer.concat([before, ...table])
  return Buffer.concat([described, Buffer.alloc(start - described.length), ...pages])
}

export type Packing = 'none' | 'zlib' | 'zstd'

const PACK: Readonly<Record<Packing, (content: Uint8Array) => Buffer>> = {
  none: (content) => Buffer.from(content),
  zlib: (content) => deflateSync(content),
  zstd: (content) => zstdCompressSync(content),
}

/** Version 7: sections that options name; CPUs' pages in pieces of two. */
export function writeV7(parts: DatParts, packing: Packing): Buffer {
  const version = packing === 'none' ? '' : '1.0'
  const out: Buffer[] = [head('7'), text(`${packing}\0${version}\0`), u64(0)]
  const size = (): number => out.reduce((sum, part) => sum + part.length, 0)
  const pack = (content: Uint8Array): Buffer => {
    const packed = PACK[packing](content)
    return Buffer.concat([u32(packed.length), u32(content.length), packed])
  }
  const section = (id: number, content: Buffer, packed = packing !== 'none'): number => {
    const at = size()
    const body = packed ? pack(content) : content
    out.push(Buffer.concat([u16(id), u16(packed ? 1 : 0), u32(0), u64(body.length), body]))
    return at
  }
  const named = [
    [16, section(16, headerInfo(parts))],
    [17, section(17, ownFormats(parts))],
    [18, section(18, formats(parts))],
    [19, section(19, Buffer.concat([u32(parts.kallsyms.length), text(parts.kallsyms)]))],
    [21, section(21, sized(text(parts.cmdlines)))],
  ] as const
  const cpus = parts.pages.map((pages, cpu) => {
    const pieces: Buffer[] = []
    for (let at = 0; at < pages.length; at += 2 * PAGE)
      pieces.push(pack(pages.subarray(at, at + 2 * PAGE)))
    const data = packing === 'none' ? pages : Buffer.concat([u32(pieces.length), ...pieces])
    const at = size()
    out.push(Buffer.from(data))
    return Buffer.concat([u32(cpu), u64(at), u64(data.length)])
  })
  const buffer = Buffer.concat([
    u64(0),
    text('\0'),
    text(`${parts.clock}\0`),
    u32(PAGE),
    u32(cpus.length),
    ...cpus,
  ])
  const last = section(0, Buffer.concat([option(3, buffer), option(0, u64(0))]), false)
  const first = section(
    0,
    Buffer.concat([
      ...named.map(([id, at]) => option(id, u64(at))),
      option(5, text(`${parts.uname}\0`)),
      option(0, u64(last)),
    ]),
    false,
  )
  out[2] = u64(first)
  return Buffer.concat(out)
}
