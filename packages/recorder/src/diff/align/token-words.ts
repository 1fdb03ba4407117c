/** Words of one token; the 64-bit ones are low word first. */
export const T = {
  /** Kind id, and above it level + 1 (0: none). */
  KIND: 0,
  /** Interned role of the function. */
  ROLE: 1,
  /** Which of the fields below are there: bits of {@link HAS}. */
  HAS: 2,
  VA: 3,
  SIZE: 5,
  OLD: 7,
  NEW: 9,
  AUX: 11,
  RET: 13,
  /** Interned name of the function itself. */
  NAME: 14,
} as const
export const TOKEN_WORDS = 15

export const HAS = {
  LEVEL: 1,
  FN: 2,
  VA: 4,
  SIZE: 8,
  OLD: 16,
  NEW: 32,
  AUX: 64,
  RET: 128,
} as const
