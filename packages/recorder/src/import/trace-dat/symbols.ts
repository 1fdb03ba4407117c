import { hexOf } from '@pagetrail/engine'

const TWO_32 = 0x1_0000_0000

/** Functions by their address, from the text of /proc/kallsyms. Addresses are signed, which keeps them exact. */
export class Symbols {
  readonly #starts: Float64Array
  readonly #names: string[]

  constructor(kallsyms: string) {
    const starts: number[] = []
    const names: string[] = []
    for (const [, high, low, name] of kallsyms.matchAll(SYMBOL)) {
      const start = (Number.parseInt(high!, 16) | 0) * TWO_32 + Number.parseInt(low!, 16)
      // Where kallsyms may not be read, every address is 0.
      if (start === 0) continue
      starts.push(start)
      names.push(name!)
    }
    const order = starts.map((_, i) => i).toSorted((a, b) => starts[a]! - starts[b]!)
    this.#starts = Float64Array.from(order, (i) => starts[i]!)
    this.#names = order.map((i) => names[i]!)
  }

  /** `name`, or `name+0x10` with `offset`; the address where no symbol is below it. */
  nameOf(address: bigint, offset: boolean): string {
    const wanted = Number(BigInt.asIntN(64, address))
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= wanted) low = middle + 1
      else high = middle
    }
    if (low === 0) return hexOf(address)
    const name = this.#names[low - 1]!
    return offset ? `${name}+0x${(wanted - this.#starts[low - 1]!).toString(16)}` : name
  }
}

/** `ffff8000801d1f28 t do_init_module`, and the module in brackets after it. */
const SYMBOL = /^([0-9a-f]{8})([0-9a-f]{8}) \S (\S+)/gm
