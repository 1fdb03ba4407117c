/** How far a list moves: rows, or to one of its ends. */
export type CursorStep = number | 'first' | 'last'

const clamp = (at: number, length: number): number => Math.max(0, Math.min(length - 1, at))

/** The new index in a list of this length. */
export function stepped(at: number, step: CursorStep, length: number): number {
  if (step === 'first') return 0
  if (step === 'last') return clamp(length - 1, length)
  return clamp(at + step, length)
}

/** First visible row, such that the cursor stays on the screen. */
export function scrolled(top: number, cursor: number, height: number, length: number): number {
  const most = Math.max(0, length - height)
  if (cursor < top) return Math.min(most, Math.max(0, cursor))
  if (cursor >= top + height) return Math.max(0, cursor - height + 1)
  return Math.min(most, top)
}
