import {
  createGeometry,
  deriveConstants,
  FLAVOURS,
  type Geometry,
  type GeometryChoice,
  geometryName,
  physHi,
  physLo,
  physOf,
  PMD,
} from '@pagetrail/engine'

/** What keeps a scenario from being moved to another geometry; caught where it is said. */
export class Unfit extends Error {
  override readonly name = 'Unfit'
}

/** Addresses as a scenario's geometry has them, and what is needed to move them. */
interface Side {
  readonly geometry: Geometry
  readonly page: bigint
  /** Entries of a table, and of a contiguous span. */
  readonly entries: bigint
  readonly span: bigint
  readonly physOffset: bigint
  /** Parts of the kernel's space that keep their meaning, from the lowest: linear map, modules, vmalloc. */
  readonly regions: readonly { readonly start: bigint; readonly end: bigint }[]
}

const unsigned = (va: number): bigint => BigInt.asUintN(64, BigInt(va))

function sideOf(choice: GeometryChoice): Side {
  const geometry = createGeometry(choice)
  // Constants depend on the flavour in nothing that is read here.
  const constants = deriveConstants(geometry, FLAVOURS[0]!)
  const { PAGE_OFFSET, PAGE_END, VMALLOC_START, VMALLOC_END, PHYS_OFFSET } = constants
  const bounds = [PAGE_OFFSET, PAGE_END, VMALLOC_START, VMALLOC_END].map(unsigned)
  return {
    geometry,
    page: BigInt(geometry.pageSize),
    entries: BigInt(geometry.entries),
    span: BigInt(geometry.contPtes),
    physOffset: BigInt(PHYS_OFFSET),
    regions: bounds.slice(1).map((end, i) => ({ start: bounds[i]!, end })),
  }
}

/**
 * Moves addresses from one geometry to another so that what they are the start or end of stays what it was: page,
 * contiguous span, block, table. What lies in the first half of one keeps its distance from the start, in the second
 * half from the end, and the middle stays the middle.
 */
export class AddressFit {
  readonly from: Side
  readonly to: Side
  /** Contiguous spans are kept too: a scenario without any is moved by pages and blocks alone. */
  readonly #spans: boolean
  readonly #moved = new Map<bigint, bigint>()

  constructor(from: GeometryChoice, to: GeometryChoice, spans: boolean) {
    this.from = sideOf(from)
    this.to = sideOf(to)
    this.#spans = spans
  }

  get name(): string {
    const { pageShift, vaBits } = this.to.geometry
    return geometryName(pageShift, vaBits)
  }

  /** @throws Unfit where the address is in no part of the kernel's space, or not in that part of the other one */
  va(va: bigint): bigint {
    const i = this.from.regions.findIndex(({ start, end }) => va >= start && va <= end)
    const [mine, other] = [this.from.regions[i], this.to.regions[i]]
    if (mine === undefined || other === undefined)
      throw new Unfit(`0x${va.toString(16)} is neither in the linear map nor in vmalloc`)
    const moved = other.start + this.#offset(va - mine.start)
    if (moved > other.end) throw new Unfit(`its addresses need more space than ${this.name} has`)
    return this.#kept(va, moved)
  }

  /** @throws Unfit */
  pa(pa: bigint): bigint {
    const offset = pa - this.from.physOffset
    if (offset < 0n) throw new Unfit(`memory at 0x${pa.toString(16)} is below the linear map`)
    const moved = this.to.physOffset + this.#offset(offset)
    if (moved >> 48n !== 0n) throw new Unfit('its memory lies beyond 48 bits')
    return moved
  }

  /** Pages from `at` on, as many as they are there; a single one stays one. */
  pages(at: bigint, count: bigint, move: (address: bigint) => bigint): bigint {
    if (count <= 1n) return count
    const bytes = move(at + count * this.from.page) - move(at)
    return bytes / this.to.page
  }

  /** A descriptor with its output address moved; the other bits stay. */
  descriptor(desc: bigint): bigint {
    const [lo, hi] = [Number(desc & 0xffff_ffffn), Number(desc >> 32n)]
    const pa = physOf(this.from.geometry, lo, hi)
    const address = wordsOf(this.from.geometry, pa)
    const attributes = desc & ~address & ~(this.to.geometry.lpa2Active ? SHARED : 0n)
    return attributes | wordsOf(this.to.geometry, Number(this.pa(BigInt(pa))))
  }

  #offset(offset: bigint): bigint {
    const { from, to } = this
    const number = offset / from.page
    const [page, block, table] = [
      number % from.entries,
      (number / from.entries) % from.entries,
      number / from.entries / from.entries,
    ]
    const blocks = table * to.entries + near(block, from.entries, to.entries)
    return (blocks * to.entries + this.#page(page)) * to.page + (offset % from.page)
  }

  #page(page: bigint): bigint {
    const { from, to } = this
    if (!this.#spans) return near(page, from.entries, to.entries)
    const span = near(page / from.span, from.entries / from.span, to.entries / to.span)
    return span * to.span + near(page % from.span, from.span, to.span)
  }

  /** Addresses that were apart stay apart and in order. @throws Unfit */
  #kept(va: bigint, moved: bigint): bigint {
    for (const [other, at] of this.#moved)
      if (other < va !== at < moved || (other === va) !== (at === moved))
        throw new Unfit(`a block of ${this.name} has fewer contiguous spans than it needs`)
    this.#moved.set(va, moved)
    return moved
  }
}

/** SH in bits 9:8, which are address bits with LPA2. */
const SHARED = 0x300n

const wordsOf = (geometry: Geometry, pa: number): bigint =>
  (BigInt(physHi(geometry, pa)) << 32n) | BigInt((physLo(geometry, pa) & -geometry.pageSize) >>> 0)

/** An index among `from` entries as one among `to`: from the start, the middle, or the end. */
const near = (index: bigint, from: bigint, to: bigint): bigint => {
  const half = from / 2n
  if (index < half) return index
  return index === half ? to / 2n : to - (from - index)
}

/** Bytes of a block. */
export const blockOf = ({ geometry }: Side): bigint => BigInt(geometry.size[PMD]!)
