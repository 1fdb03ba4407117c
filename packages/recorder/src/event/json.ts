import { hexOf } from '@pagetrail/engine'

/** A value as one line of JSON, 64-bit values as `"0x…"`. */
export const toJson = (value: unknown): string => neutralJson(JSON.stringify(value, hexed))

const PLAIN = /^[\x20-\x7e]*$/

/**
 * JSON text that is the same to a reader and harmless to a terminal: what is not shown but acted on (C1 controls, marks
 * that turn the direction of text or are invisible, line separators) stands there as `\u…`.
 */
export const neutralJson = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) =>
        Array.from({ length: sign.length }, (_, i) => escaped(sign.charCodeAt(i))).join(''),
      )

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`

const hexed = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? hexOf(value) : value
