import { PairTable } from './pair-table.ts'
import type { SavedPairs } from './pair-table.ts'

const FIRST_LEAVES = 64

export interface SavedTree {
  readonly leaves: number
  readonly pairs: SavedPairs
}

/**
 * A vector of integers and one number for all of it: the same number, the same vector. A binary tree of numbered
 * pairs, so that changing one element costs a look-up a level, and vectors that differ in one element share the rest.
 */
export class VectorTree {
  readonly #pairs = new PairTable()
  #leaves: number
  /** Node 1 is the root, those of node n are 2n and 2n + 1, the leaves are the last half. */
  #nodes: Int32Array<ArrayBuffer>
  /** Number of a tree of zeros, by height. */
  readonly #zeros: number[] = [0]
  /** Elements that were changed, and what they were. */
  #trail = new Int32Array(1 << 10)
  #length = 0

  /** `leaves`: elements that it has room for, a power of two. */
  constructor(leaves = FIRST_LEAVES) {
    this.#leaves = leaves
    this.#nodes = new Int32Array(2 * leaves)
    this.#fill()
  }

  /** All nodes as those of zeros. */
  #fill(): void {
    const height = Math.log2(this.#leaves)
    for (let at = 1; at <= height; at++) {
      const below = this.#zeros[at - 1] as number
      this.#zeros[at] ??= this.#pairs.numberOf(below, below)
    }
    for (let at = 1; at < this.#leaves; at++) {
      this.#nodes[at] = this.#zeros[height - Math.floor(Math.log2(at))] as number
    }
  }

  /** Number of the vector. */
  get root(): number {
    return this.#nodes[1] as number
  }

  get bytes(): number {
    return this.#pairs.bytes
  }

  get mark(): number {
    return this.#length
  }

  get(element: number): number {
    return element < this.#leaves ? (this.#nodes[this.#leaves + element] as number) : 0
  }

  /** False: there was no room, see {@link grow}. */
  fits(element: number): boolean {
    return element < this.#leaves
  }

  set(element: number, value: number): void {
    const at = this.#leaves + element
    const old = this.#nodes[at] as number
    if (old === value) return
    if (this.#length + 2 > this.#trail.length) {
      const trail = new Int32Array(this.#trail.length * 2)
      trail.set(this.#trail)
      this.#trail = trail
    }
    this.#trail[this.#length++] = element
    this.#trail[this.#length++] = old
    this.#write(at, value)
  }

  #write(leaf: number, value: number): void {
    const nodes = this.#nodes
    nodes[leaf] = value
    for (let at = leaf >> 1; at >= 1; at >>= 1) {
      nodes[at] = this.#pairs.numberOf(nodes[2 * at] as number, nodes[2 * at + 1] as number)
    }
  }

  /** Takes back what was set since a mark. */
  undo(mark: number): void {
    while (this.#length > mark) {
      const old = this.#trail[--this.#length] as number
      this.#write(this.#leaves + (this.#trail[--this.#length] as number), old)
    }
  }

  save(): SavedTree {
    return { leaves: this.#leaves, pairs: this.#pairs.save() }
  }

  /** The numbers of that tree, instead of what it has; its elements stay as they are. */
  restore({ leaves, pairs }: SavedTree): void {
    this.#pairs.restore(pairs)
    while (this.#leaves < leaves) this.grow()
  }

  /** Makes room for twice as many elements. A vector that had the number n now has the number {@link grown}(n). */
  grow(): void {
    const old = this.#nodes
    const half = this.#leaves
    this.#leaves *= 2
    this.#nodes = new Int32Array(2 * this.#leaves)
    this.#fill()
    // What was node n is now as far below node 2 as it was below the root.
    for (let at = 1; at < 2 * half; at++) {
      this.#nodes[at + 2 ** Math.floor(Math.log2(at))] = old[at] as number
    }
    this.#nodes[1] = this.grown(old[1] as number)
  }

  grown(root: number): number {
    return this.#pairs.numberOf(root, this.#zeros[Math.log2(this.#leaves) - 1] as number)
  }
}
