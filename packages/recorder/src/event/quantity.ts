/** 10000 as `10,000`. */
export const count = (n: number | bigint): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** A number with its noun: `1 event`, `2,072 events`. */
export const many = (n: number | bigint, noun: string, plural = `${noun}s`): string =>
  `${count(n)} ${Number(n) === 1 ? noun : plural}`
