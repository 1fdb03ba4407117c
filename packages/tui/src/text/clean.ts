/** C0, DEL and C1 controls, and what turns the direction of text or is invisible. */
const CONTROL = /[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/**
 * A line as it may be printed: what a trace, a file name or a label brought into it cannot steer the terminal.
 * Other characters stay, so that people's own names remain readable; where columns must agree use `safe`.
 */
export const clean = (text: string): string =>
  text.replace(CONTROL, (c) => {
    const code = c.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
