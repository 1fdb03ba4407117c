import { describe, expect, test } from 'vitest'

import { Chance, PairTable, VectorTree } from '@pagetrail/engine'

describe('PairTable', () => {
  test('numbers pairs from 1, the same pair alike', () => {
    const pairs = new PairTable()
    const seen = new Map<string, number>()
    const chance = new Chance(1)
    for (let i = 0; i < 20_000; i++) {
      const left = chance.below(200) - 100
      const right = chance.below(2 ** 32)
      const pair = [left, right % 300] as const
      const given = pairs.numberOf(...pair)
      expect(seen.get(pair.join()) ?? given).toBe(given)
      seen.set(pair.join(), given)
      expect(pairs.pairOf(given)).toEqual([pair[0], pair[1]])
    }
    expect(new Set(seen.values()).size).toBe(seen.size)
    expect(pairs.size).toBe(seen.size)
  })
})

describe('VectorTree', () => {
  test('equal vectors have equal numbers, others others, also after it grew', () => {
    const tree = new VectorTree()
    const vector: number[] = []
    const known = new Map<string, number>()
    const chance = new Chance(2)
    const text = (): string =>
      vector
        .map((v, i) => (v === 0 ? '' : `${i}=${v}`))
        .filter(Boolean)
        .join()
    known.set('', tree.root)
    for (let i = 0; i < 4000; i++) {
      const element = chance.below(i < 2000 ? 60 : 200)
      while (!tree.fits(element)) {
        tree.grow()
        for (const [key, root] of known) known.set(key, tree.grown(root))
      }
      for (let at = vector.length; at <= element; at++) vector.push(0)
      vector[element] = chance.below(2)
      tree.set(element, vector[element] as number)
      const key = text()
      expect(known.get(key) ?? tree.root).toBe(tree.root)
      known.set(key, tree.root)
    }
    expect(new Set(known.values()).size).toBe(known.size)
  })

  test('goes back to a mark', () => {
    const tree = new VectorTree()
    tree.set(3, 7)
    const { mark, root } = tree
    tree.set(3, 8)
    tree.set(9, 1)
    expect(tree.root).not.toBe(root)
    tree.undo(mark)
    expect([tree.root, tree.get(3), tree.get(9)]).toEqual([root, 7, 0])
  })
})
