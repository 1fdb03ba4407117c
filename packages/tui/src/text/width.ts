import stringWidth from 'string-width'

const ESCAPE = /\x1b\[[0-9;]*m/g
/** Signs that every terminal draws one column wide: nearly all of a screen is made of them. */
const NARROW =
  /^[\x20-\x7e\xa1-\xac\xae-\xff\u2010-\u2027\u2190-\u2193\u2200-\u22ff\u23ce\u2500-\u25fc]*$/

export const isNarrow = (text: string): boolean => NARROW.test(text)

export const plain = (text: string): string => text.replace(ESCAPE, '')

/** Columns taken: styles take none, wide signs two. */
export function width(text: string): number {
  const bare = text.includes('\x1b') ? plain(text) : text
  return isNarrow(bare) ? bare.length : stringWidth(bare)
}
