import { escapeControls } from './value.ts'

/** What XML 1.0 cannot hold although no terminal would act on it. */
const NOT_IN_XML = /[\uFFFE\uFFFF]/g

/** A text as XML 1.0 can hold it: a line break stays one, also in an attribute, other controls are shown as escapes. */
export const xmlText = (text: string): string =>
  text
    .split('\n')
    .map((line) =>
      escapeControls(line)
        .replaceAll(NOT_IN_XML, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`)
        .replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
    )
    .join('&#10;')

/** A command of a GitHub workflow that annotates: https://docs.github.com, "Workflow commands". */
export interface Annotation {
  readonly level: (typeof LEVELS)[number]
  readonly title: string
  /** May have several lines. */
  readonly text: string
  /** `line` from 1. */
  readonly at?: { readonly file: string; readonly line: number }
}

/** The gravest first. */
const LEVELS = ['error', 'warning', 'notice'] as const

/** Annotations of one level that GitHub shows of a step; further ones it drops without a word. */
const SHOWN = 10

/**
 * Annotations as lines of a step's log, the gravest first. Where there are more than GitHub shows, the last that it
 * shows says so, and the others stand in the log as they are.
 */
export function* annotationLines(annotations: readonly Annotation[]): Generator<string> {
  for (const level of LEVELS) {
    const all = annotations.filter((annotation) => annotation.level === level)
    const shown = all.length > SHOWN ? all.slice(0, SHOWN - 1) : all
    for (const annotation of shown) yield commandOf(annotation)
    const rest = all.slice(shown.length)
    if (rest.length === 0) continue
    const text = `and ${rest.length} more of this level, which GitHub does not show: see the log of this step`
    yield commandOf({ level, title: `pagetrail: ${rest.length} more`, text })
    for (const annotation of rest) yield plainLine(annotation)
  }
}

function commandOf({ level, title, text, at }: Annotation): string {
  const where = at === undefined ? '' : `file=${property(at.file)},line=${at.line},`
  return `::${level} ${where}title=${property(title)}::${data(text)}`
}

function plainLine({ level, title, text, at }: Annotation): string {
  const where = at === undefined ? '' : `${at.file}:${at.line}: `
  return escapeControls(`${level}: ${where}${title}: ${text.replaceAll('\n', '; ')}`)
}

/** What a runner would take for the end of the command, of a property. */
const data = (text: string): string =>
  text
    .split('\n')
    .map((line) => escapeControls(line).replaceAll('%', '%25'))
    .join('%0A')

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
