/** 10000 as `10,000`. */
export const count = (n: number | bigint): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** A number with its noun: `1 event`, `2,072 events`. */
export const many = (n: number | bigint, noun: string, plural = `${noun}s`): string =>
  `${count(n)} ${Number(n) === 1 ? noun : plural}`

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const

/** Bytes in the largest unit that divides them: `4K`, `2M`, `12K`. */
export function sizeText(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size > 0 && size % 1024 === 0 && unit < UNITS.length - 1) {
    size /= 1024
    unit++
  }
  return `${size}${UNITS[unit]}`
}
