import { hexOf } from '@pagetrail/engine'

/** A value as one line of JSON, 64-bit values as `"0x…"`. */
export const toJson = (value: unknown): string => JSON.stringify(value, hexed)

const hexed = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? hexOf(value) : value
