import { Batch } from '../../../../packages/recorder/src/event/batch.ts'
import { randomOf } from '../../import/mutants.ts'

const INTS = [
  -1,
  0,
  1,
  2,
  127,
  128,
  -128,
  -129,
  32_767,
  -32_768,
  8_388_607,
  -8_388_608,
  2 ** 31 - 1,
]
const LONGS = [0n, 1n, -1n, 255n, 1n << 31n, -(1n << 31n), (1n << 47n) - 1n, 1n << 47n]
const LONGEST = [-(1n << 47n), -(1n << 47n) - 1n, 1n << 62n, -(1n << 63n), (1n << 63n) - 1n]
const TIMES = [-1, 0, 1, 4_294_967_295, 4_294_967_296, 2 ** 47, 2 ** 53 - 1, 1_234_567_890_123]
const TEXTS = ['', '{}', 'ü€\u{1f600}', '"'.repeat(60), 'x'.repeat(70), 'y'.repeat(5000)]

/** Rows of everything that a column can hold. */
export function anyRows(count: number, seed: number): Batch {
  const batch = new Batch(count)
  const random = randomOf(seed)
  const one = <T>(of: readonly T[]): T => of[random(of.length)]!
  for (let i = 0; i < count; i++) {
    batch.row(random(256), one([0, 1, 300, 0xffff]))
    batch.ts[i] = one(TIMES)
    batch.task[i] = Math.max(-1, one(INTS))
    batch.op[i] = Math.max(-1, one(INTS))
    batch.nest[i] = one([0, 1, 7, 0xffff])
    batch.level[i] = one([-1, 0, 1, 4])
    batch.fn[i] = Math.max(-1, one(INTS))
    for (let word = 0; word < 5; word++)
      if (random(2) === 1) batch.setLong(i, word, one([...LONGS, ...LONGEST]))
    if (random(2) === 1) batch.setRet(i, one(INTS))
    if (random(4) === 0) batch.extra[i] = one(TEXTS)
    if (random(9) === 0) batch.more.set(i, one(TEXTS))
  }
  return batch
}
