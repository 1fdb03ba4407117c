import { geometryName } from '@pagetrail/engine'

import { escapeControls } from '../../say/value.ts'
import type { Diff, Side } from '../result.ts'

export interface DiffPageOptions {
  /** How the command is started, with its database: `pagetrail --db FILE`. */
  readonly command?: string
  /**
   * How each run is named to the command where that is not by its label: a file that it was read from for this page
   * alone, an id. null: by its label, which a run that is made again will have too.
   */
  readonly names?: readonly [left: string | null, right: string | null]
  /** How the second recording of the left run is named, where one was given. */
  readonly noise?: string
  /** Options that a comparison itself does not know of, as they were given: those of its gate. */
  readonly more?: readonly string[]
}

/** The runs as the command takes them, quoted for a shell. */
export const runNames = (diff: Diff, { names }: DiffPageOptions): string[] =>
  [diff.left, diff.right].map(({ label }, i) => quotedName(names?.[i] ?? label))

/** The command of the comparison, with everything that was asked for; `all`: of each question. */
export function diffCommand(diff: Diff, options: DiffPageOptions, all = false): string {
  const { asked } = diff
  const { command = 'pagetrail', noise, more = [] } = options
  const given = [
    ...(asked.by === null || all ? [] : ['--by', asked.by]),
    ...(asked.calls === null ? [] : ['--calls', asked.calls]),
    ...(asked.filter === null ? [] : ['--filter', asked.filter]),
    ...(asked.ignore.length > 0 ? ['--ignore', asked.ignore.join(',')] : []),
    ...Object.entries(asked.map).flatMap(([a, b]) => ['--map', `${a}=${b}`]),
    ...(asked.lanes === 'auto' ? [] : ['--lanes', asked.lanes]),
    ...(noise === undefined ? [] : ['--noise', noise]),
    ...more,
  ]
  return [command, 'diff', ...runNames(diff, options), ...given.map(quoted)].join(' ')
}

/** Commands for a shell that make the runs, where that is known, and show their comparison and where they part. */
export function commandLines(
  diff: Diff,
  options: DiffPageOptions,
  format: string | null = null,
): string[] {
  const { command = 'pagetrail', names } = options
  const sides = [
    { side: diff.left, geometry: diff.geometries.left },
    { side: diff.right, geometry: diff.geometries.right },
  ] as const
  const origins = sides
    .filter((_, i) => (names?.[i] ?? null) === null)
    .map(({ side, geometry }) => {
      const name = geometry && geometryName(geometry.pageShift, geometry.vaBits)
      return origin(side, name, command)
    })
  const shown = format === null ? '' : ` --format ${format}`
  const lines = [...new Set(origins), diffCommand(diff, options) + shown]
  const { first } = diff.path
  if (first) {
    const runs = runNames(diff, options)
    for (const [i, call] of [first.left, first.right].entries())
      lines.push(`${command} replay ${runs[i]} --from ${call.seq}`)
  }
  return lines.filter((line) => line !== '')
}

/** How the run came to be, where that is known; its file may be elsewhere by now. */
function origin(side: Side, geometry: string | null, command: string): string {
  const { source, scenario, flavour, label, file, kernel } = side
  if (source === 'engine' && scenario !== null) {
    const parts = [
      ...(flavour === null ? [] : ['--flavour', flavour]),
      ...(geometry === null ? [] : ['--geometry', geometry]),
      ...(label === `${scenario}/${geometry}/${flavour}` ? [] : ['--label', label]),
    ]
    return [`${command} record ${quotedName(scenario)}`, ...parts.map(quoted)].join(' ')
  }
  if (file === null) return ''
  const options = ['--label', label, ...(kernel === null ? [] : ['--kernel', kernel])]
  const line = [`${command} import`, ...options.map(quoted), quotedName(file)].join(' ')
  return `# ${quotedName(label)} was made by: ${line}`
}

/** For a shell: quoted unless every character is plain; what a terminal would act on is spelt out. */
export function quoted(text: string): string {
  if (/^[\w./:@=+,-]+$/.test(text)) return text
  if (escapeControls(text) === text) return `'${text.replaceAll("'", `'\\''`)}'`
  const spelt = text.replaceAll(/[\\']/g, '\\$&').replaceAll(CONTROL, octal)
  return `$'${spelt}'`
}

/** A name that begins as an option does is not one. */
export const quotedName = (name: string): string =>
  quoted(/^-(?!\d+$)/.test(name) ? `./${name}` : name)

const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const octal = (sign: string): string =>
  [...new TextEncoder().encode(sign)]
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')
