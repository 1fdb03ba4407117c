import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings'

/** Shells for which there is a completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A script that completes the verbs of the program, their options and the words that an option takes. */
export const completionFor = (shell: Shell, program: CommandUnknownOpts): string =>
  WRITERS[shell](program)

const WRITERS: Readonly<Record<Shell, (program: CommandUnknownOpts) => string>> = {
  bash,
  zsh,
  fish,
}

const optionsOf = (command: CommandUnknownOpts): readonly Option[] =>
  command.createHelp().visibleOptions(command)

/** A verb's options and those of the program, each once: they may stand behind it too. */
const withGlobal = (command: CommandUnknownOpts, program: CommandUnknownOpts): Option[] => {
  const own = optionsOf(command)
  const flags = new Set(own.flatMap(flagsOf))
  const global = command === program ? [] : optionsOf(program)
  return own.concat(global.filter((option) => !flagsOf(option).some((flag) => flags.has(flag))))
}

const flagsOf = ({ short, long }: Option): string[] =>
  [short, long].filter((flag) => flag !== undefined && flag !== null)

/** In single quotes, for any of the shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function bash(program: CommandUnknownOpts): string {
  const verbs = program.commands.map((verb) => verb.name())
  const cases = [program, ...program.commands].flatMap((command) => {
    const name = command === program ? '' : command.name()
    const choices = optionsOf(command)
      .filter(({ argChoices }) => argChoices !== undefined)
      .map((option) => {
        // The program's own options may stand behind a verb as well.
        const before = command === program ? '*" ' : `"${name} `
        const patterns = flagsOf(option).map((flag) => `${before}${flag}"`)
        return `    ${patterns.join('|')}) value="${option.argChoices?.join(' ')}" ;;`
      })
    const flags = withGlobal(command, program).flatMap(flagsOf).join(' ')
    return choices.concat(`    "${name} "*) words="${flags}" ;;`)
  })
  return `# bash completion for pagetrail
_pagetrail() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb="" words="" value="" word
  local verbs="${verbs.join(' ')}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " $verbs " in *" $word "*) verb=$word; break ;; esac
  done
  case "$verb $prev" in
${cases.join('\n')}
  esac
  # What an option takes is a word of its own: no file, no verb.
  if [ -n "$value" ]; then
    COMPREPLY=($(compgen -W "$value" -- "$cur"))
    return
  fi
  if [ -z "$verb" ]; then words="$words $verbs"; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ "\${cur#-}" = "$cur" ]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _pagetrail pagetrail
`
}

/** What _arguments and _describe would take for a sign of their own. */
const inBrackets = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&')

const valuesOf = ({ argChoices }: Option) => (argChoices ? `(${argChoices.join(' ')})` : '_files')

const zshSpecs = (command: CommandUnknownOpts, program: CommandUnknownOpts) =>
  withGlobal(command, program).flatMap((option) =>
    flagsOf(option).map((flag) => {
      const takes = option.required ? `:value:${valuesOf(option)}` : ''
      return `      ${quoted(`${flag}[${inBrackets(option.description)}]${takes}`)} \\`
    }),
  )

function zsh(program: CommandUnknownOpts): string {
  const cases = program.commands.map(
    (verb) =>
      `    ${verb.name()}) _arguments \\\n${zshSpecs(verb, program).join('\n')}\n      '*:file:_files' ;;`,
  )
  const verbs = program.commands.map(
    (verb) => `    ${quoted(`${verb.name()}:${inBrackets(verb.summary())}`)}`,
  )
  return `#compdef pagetrail
_pagetrail() {
  local -a verbs=(
${verbs.join('\n')}
  )
  local verb=\${words[(I)(${program.commands.map((v) => v.name()).join('|')})]}
  if (( verb == 0 || verb >= CURRENT )); then
    _describe verb verbs
    _arguments \\
${zshSpecs(program, program).join('\n')}
      '*:file:_files'
    return
  fi
  case $words[verb] in
${cases.join('\n')}
  esac
}
_pagetrail "$@"
`
}

const fishLines = (command: CommandUnknownOpts, when: string) =>
  optionsOf(command).map((option) => {
    const { short, long, argChoices, required, description } = option
    const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean)
    const values = argChoices ? ` -xa ${quoted(argChoices.join(' '))}` : required ? ' -r' : ''
    return `complete -c pagetrail${when} ${names.join(' ')}${values} -d ${quoted(description)}`
  })

function fish(program: CommandUnknownOpts): string {
  return [
    '# fish completion for pagetrail',
    ...program.commands.map(
      (verb) =>
        `complete -c pagetrail -n __fish_use_subcommand -a ${verb.name()} -d ${quoted(verb.summary())}`,
    ),
    ...fishLines(program, ''),
    ...program.commands.flatMap((verb) =>
      fishLines(verb, ` -n '__fish_seen_subcommand_from ${verb.name()}'`),
    ),
    '',
  ].join('\n')
}
