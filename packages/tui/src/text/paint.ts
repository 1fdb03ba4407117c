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

export const COLORS = ['auto', 'always', 'never'] as const
export type Color = (typeof COLORS)[number]

/**
 * Colours for standard output. `auto`: where FORCE_COLOR asks for them (set, and neither empty nor 0), else on a
 * terminal; never with NO_COLOR. What --color says goes before the environment.
 */
export function paintFor({ stdout, env }: Terminal, color: Color): Theme {
  const { NO_COLOR, FORCE_COLOR, TERM, ...rest } = env
  if (color === 'never') return bare
  const forced =
    color === 'always' || (!NO_COLOR && (FORCE_COLOR ?? '0') !== '0' && FORCE_COLOR !== '')
  // TERM=dumb and NO_COLOR would be obeyed again where the theme is chosen.
  if (forced)
    return themeFor({ ...rest, TERM: TERM === undefined || TERM === 'dumb' ? 'xterm' : TERM })
  return stdout.isTTY && !NO_COLOR && TERM !== 'dumb' ? themeFor(env) : bare
}
