/** Functions by their address, from the text of /proc/kallsyms. */
export class Symbols {
  readonly #starts: BigUint64Array
  readonly #names: string[]

  constructor(kallsyms: string) {
    const found = kallsyms.split('\n').flatMap((line) => {
      const [address, , name] = line.split(' ')
      if (address === undefined || name === undefined || !/^[0-9a-f]{1,16}$/.test(address))
        return []
      return [{ start: BigInt(`0x${address}`), name: name.split('\t')[0]! }]
    })
    // Unreadable kallsyms has every address 0.
    const known = found.filter(({ start }) => start !== 0n)
    known.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    this.#starts = BigUint64Array.from(known, ({ start }) => start)
    this.#names = known.map(({ name }) => name)
  }

  /** `name`, or `name+0x10` with `offset`; the address where no symbol is below it. */
  nameOf(address: bigint, offset: boolean): string {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= address) low = middle + 1
      else high = middle
    }
    if (low === 0) return `0x${address.toString(16)}`
    const name = this.#names[low - 1]!
    return offset ? `${name}+0x${(address - this.#starts[low - 1]!).toString(16)}` : name
  }
}
