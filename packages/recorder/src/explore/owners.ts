interface Range {
  readonly start: number
  readonly end: number
}

/** What a live call owns: its own range, and those of the walks it made outside of it. */
export interface Owner {
  readonly ranges: Range[]
  isActive: boolean
}

/** Live calls that change permissions, and whether two of them own one page. */
export class Owners {
  readonly #owners = new Map<number, Owner>()

  begin(op: number, start: number, end: number): void {
    this.#owners.set(op, { ranges: [{ start, end }], isActive: false })
  }

  end(op: number): Owner | undefined {
    const owner = this.#owners.get(op)
    this.#owners.delete(op)
    return owner
  }

  restore(op: number, owner: Owner): void {
    this.#owners.set(op, owner)
  }

  /** True: it had done nothing before. */
  acts(op: number): boolean {
    const owner = this.#owners.get(op)
    if (owner === undefined || owner.isActive) return false
    owner.isActive = true
    return true
  }

  rests(op: number): void {
    const owner = this.#owners.get(op)
    if (owner !== undefined) owner.isActive = false
  }

  /** A walk of the call; false: it is not an owner, or the walk is in its range. */
  widen(op: number, start: number, end: number): boolean {
    const owner = this.#owners.get(op)
    const [first] = owner?.ranges ?? []
    if (owner === undefined || first === undefined || end <= start) return false
    if (start >= first.start && end <= first.end) return false
    owner.ranges.push({ start, end })
    return true
  }

  narrow(op: number): void {
    this.#owners.get(op)?.ranges.pop()
  }

  /** Another active call owns a page of this one, which is active too. */
  clashes(op: number): boolean {
    const owner = this.#owners.get(op)
    if (owner?.isActive !== true) return false
    for (const [other, { ranges, isActive }] of this.#owners) {
      if (other === op || !isActive) continue
      const isShared = ranges.some((a) =>
        owner.ranges.some((b) => a.start < b.end && b.start < a.end),
      )
      if (isShared) return true
    }
    return false
  }
}
