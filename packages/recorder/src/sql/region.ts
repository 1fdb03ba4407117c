import type { RunGeometry } from '../event/run.ts'

const G = 1n << 30n
const M = 1n << 20n
const TOP = 1n << 64n
/** sizeof(struct page) of the usual configuration. */
const STRUCT_PAGE = 64n

/** A part of the kernel's address space, with what it is for. `end` is exclusive; 2^64 for the last. */
export interface Region {
  readonly name: string
  readonly start: bigint
  readonly end: bigint
}

/**
 * The parts of an arm64 kernel's address space (arch/arm64/include/asm/memory.h; the same in 6.12 to 7.3), for 52-bit
 * kernels on hardware that has all 52. With KASAN the linear map ends earlier than given here; with KASLR the kernel's
 * image lies anywhere in vmalloc, without it at its start.
 */
export function regionsOf({ pageShift, vaBits }: RunGeometry): readonly Region[] {
  const minimal = vaBits <= 48 ? vaBits : pageShift === 14 ? 47 : 48
  const pageOffset = TOP - (1n << BigInt(vaBits))
  const pageEnd = TOP - (1n << BigInt(minimal - 1))
  const modulesEnd = pageEnd + 2n * G
  const vmemmapEnd = TOP - G
  const vmemmap = vmemmapEnd - ((pageEnd - pageOffset) >> BigInt(pageShift)) * STRUCT_PAGE
  const io = vmemmapEnd + 8n * M
  const ioEnd = io + 16n * M
  const fixmapTop = TOP - 8n * M
  return [
    { name: 'user', start: 0n, end: 1n << BigInt(vaBits) },
    { name: 'linear', start: pageOffset, end: pageEnd },
    { name: 'modules', start: pageEnd, end: modulesEnd },
    { name: 'vmalloc', start: modulesEnd, end: vmemmap - 8n * M },
    { name: 'vmemmap', start: vmemmap, end: vmemmapEnd },
    { name: 'pci-io', start: io, end: ioEnd },
    { name: 'fixmap', start: ioEnd, end: fixmapTop },
  ]
}

/** Name of the region that holds an address; null: a hole, or the geometry is not known. */
export function regionName(va: bigint, geometry: RunGeometry | null): string | null {
  if (geometry === null) return null
  const region = regionsOf(geometry).find(({ start, end }) => va >= start && va < end)
  return region?.name ?? null
}
