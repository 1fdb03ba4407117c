import type { Diff, Side } from '../result.ts'

export interface DiffPageOptions {
  /** How the command is started, with its database: `pagetrail --db FILE`. */
  readonly command?: string
  /** Files that the runs were read from for this page alone, left and right; null: a run of the database. */
  readonly paths?: readonly [string | null, string | null]
  /** How the second recording of the left run is named, where one was given. */
  readonly noise?: string
  /** The option `--format` of the command. */
  readonly format?: string
}

/** Commands for a shell that make the runs, where that is known, and show their comparison and where they part. */
export function commandLines(
  diff: Diff,
  { command = 'pagetrail', paths, noise, format }: DiffPageOptions,
): string[] {
  const { asked } = diff
  const options = [
    ...(asked.calls === null ? [] : ['--calls', asked.calls]),
    ...(asked.filter === null ? [] : ['--filter', quoted(asked.filter)]),
    ...(asked.ignore.length > 0 ? ['--ignore', asked.ignore.join(',')] : []),
    ...Object.entries(asked.map).flatMap(([a, b]) => ['--map', `${a}=${b}`]),
    ...(asked.lanes === 'auto' ? [] : ['--lanes', asked.lanes]),
    ...(noise === undefined ? [] : ['--noise', quoted(noise)]),
    ...(format === undefined ? [] : ['--format', format]),
  ]
  const [left, right] = [paths?.[0] ?? null, paths?.[1] ?? null]
  const names = [left ?? diff.left.label, right ?? diff.right.label].map(quoted)
  const origins = [
    ...(left === null ? [origin(diff.left, command)] : []),
    ...(right === null ? [origin(diff.right, command)] : []),
  ]
  const lines = [...new Set(origins), [command, 'diff', ...names, ...options].join(' ')]
  const { first } = diff.path
  if (first) {
    for (const [i, call] of [first.left, first.right].entries())
      lines.push(`${command} replay ${names[i]} --from ${call.seq}`)
  }
  return lines.filter((line) => line !== '')
}

/** How the run came to be, where that is known. */
function origin(side: Side, command: string): string {
  if (side.source === 'engine' && side.scenario !== null) {
    const flavour = side.flavour === null ? '' : ` --flavour ${side.flavour}`
    return `${command} record ${quoted(side.scenario)}${flavour}`
  }
  if (side.file === null) return ''
  const kernel = side.kernel === null ? '' : ` --kernel ${quoted(side.kernel)}`
  return `${command} import --label ${quoted(side.label)}${kernel} ${quoted(side.file)}`
}

/** For a shell: quoted unless every character is plain. */
export const quoted = (text: string): string =>
  /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
