import { CLAIMS } from './review-claims.ts'
import { CODE } from './review-code.ts'
import { LOCKING } from './review-locking.ts'
import type { ReviewItem } from './review-queries.ts'
import { BEYOND, WARNINGS } from './review-warnings.ts'

/** The 90 items of the review, in order. */
export const REVIEW: readonly ReviewItem[] = [
  ...CLAIMS,
  ...CODE,
  ...LOCKING,
  ...WARNINGS,
  ...BEYOND,
]
