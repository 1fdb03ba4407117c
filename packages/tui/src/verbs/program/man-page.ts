import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Verb } from '../verb.ts'

/** What roff would take for a command or a line break. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1')

/** Text with its rows `NAME  text` as tagged paragraphs; what comes after them begins anew. */
const paragraphs = (text: string): string =>
  text
    .split('\n')
    .map((line) => {
      const [, name, rest] = /^(\S+) {2,}(.+)$/.exec(line) ?? []
      if (name !== undefined && rest !== undefined) return `.TP\n${roff(name)}\n${roff(rest)}`
      return line === '' ? '.PP' : roff(line)
    })
    .join('\n')

/** pagetrail(1), in roff: the program's options, then each verb with its options and examples. */
export function manPage(
  program: CommandUnknownOpts,
  verbs: readonly Verb[],
  version: string,
): string {
  const optionLines = (command: CommandUnknownOpts) =>
    command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ flags, description, argChoices }) => {
        const choices = argChoices ? ` (${argChoices.join(', ')})` : ''
        return ['.TP', `\\fB${roff(flags)}\\fR`, roff(`${description}${choices}`)]
      })
  const sections = program.commands.flatMap((command) => {
    const verb = verbs.find(({ name }) => name === command.name())
    if (!verb) return []
    const usage = `pagetrail ${command.name()} ${command.usage()}`
    const examples = verb.examples.flatMap(([line, why]) => [
      '.TP',
      `\\fBpagetrail ${roff(line)}\\fR`,
      roff(why),
    ])
    const more = verb.more === undefined ? [] : ['.PP', paragraphs(verb.more)]
    const options = ['.RS', ...optionLines(command), ...examples, '.RE']
    return [`.SS ${roff(usage)}`, roff(`${command.description()}`), ...more, ...options]
  })
  return [
    `.TH PAGETRAIL 1 "" "pagetrail ${version}"`,
    '.SH NAME',
    `pagetrail \\- ${roff(program.description())}`,
    '.SH SYNOPSIS',
    `\\fBpagetrail\\fR ${roff(program.usage())}`,
    '.SH OPTIONS',
    ...optionLines(program),
    '.SH VERBS',
    ...sections,
    '.SH EXIT STATUS',
    '0 fine, same, clean; 1 differences or findings; 2 usage, unreadable or damaged input;',
    '3 answer incomplete; 130 interrupted.',
    '',
  ].join('\n')
}
