import { type Theme, themeFor } from './theme.ts'
import type { Io } from '../command/io.ts'

const same = (text: string) => text

/** Nothing but the text: for pipes, files and NO_COLOR. */
export const bare: Theme = { paint: (_role, text) => text, bold: same, dim: same, inverse: same }

/** Colours for standard output: only on a terminal, and never with NO_COLOR. */
export const paintFor = (io: Io): Theme =>
  io.stdout.isTTY && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb' ? themeFor(io.env) : bare
