import { type Theme, themeFor } from './theme.ts'

const same = (text: string) => text

/** Nothing but the text: for pipes, files and NO_COLOR. */
export const bare: Theme = {
  paint: (_role, text) => text,
  bold: same,
  dim: same,
  inverse: same,
  ascii: false,
  draw: same,
}

/** What decides on colours: whether standard output is a terminal, and the environment. */
interface Terminal {
  readonly stdout: { readonly isTTY?: boolean | undefined }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Colours for standard output: only on a terminal, and never with NO_COLOR. */
export const paintFor = (io: Terminal): Theme =>
  io.stdout.isTTY && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb' ? themeFor(io.env) : bare
