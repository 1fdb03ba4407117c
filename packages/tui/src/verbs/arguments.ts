import { InvalidArgumentError } from '@commander-js/extra-typings'

/** How every verb explains its argument RUN. */
export const RUN = 'id, label, or -1 (the latest), -2, …'

/** A number of events, rows, seconds: a whole number from 0. */
export function parseCount(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n)) {
    throw new InvalidArgumentError('It must be a whole number from 0.')
  }
  return n
}

/** An address: hexadecimal with 0x, or decimal. */
export function parseAddress(text: string): bigint {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) {
    throw new InvalidArgumentError('It must be an address such as 0xffff800080000000.')
  }
  const value = BigInt(text)
  if (BigInt.asUintN(64, value) !== value)
    throw new InvalidArgumentError('It has more than 64 bits.')
  return value
}

/** `a,b,c`, blanks around the commas allowed. */
export const parseList = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
