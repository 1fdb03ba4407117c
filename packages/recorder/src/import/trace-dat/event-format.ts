import { InputError } from '@pagetrail/engine'

/** A field of a record as the kernel laid it out. */
export interface FormatField {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly signed: boolean
  /** Characters: of fixed length, up to the end of the record, or where `__data_loc` says. */
  readonly text: 'fixed' | 'rest' | 'data_loc' | null
}

/** An event as described by its `format` file. */
export interface EventFormat {
  readonly name: string
  readonly id: number
  readonly fields: readonly FormatField[]
  /** What follows `print fmt: `. */
  readonly print: string
}

const FIELD = /^\tfield:(.+);\toffset:(\d+);\tsize:(\d+);(?:\tsigned:(\d+);)?/

export function parseFormat(text: string): EventFormat {
  const name = /^name: (.+)$/m.exec(text)?.[1]
  const id = /^ID: (\d+)$/m.exec(text)?.[1]
  if (name === undefined || id === undefined)
    throw new InputError(
      `expected the format of an event, found ${JSON.stringify(text.slice(0, 60))}`,
    )
  const fields = text.split('\n').flatMap((line) => {
    const [, declaration, offset, size, signed] = FIELD.exec(line) ?? []
    return declaration === undefined
      ? []
      : [fieldOf(declaration, Number(offset), Number(size), signed === '1')]
  })
  return {
    name,
    id: Number(id),
    fields,
    print: (/^print fmt: (.*)/ms.exec(text)?.[1] ?? '').trimEnd(),
  }
}

function fieldOf(declaration: string, offset: number, size: number, signed: boolean): FormatField {
  const name = /(\w+)(?:\[[^\]]*\])?$/.exec(declaration)?.[1] ?? declaration
  const chars = /\bchar\b/.test(declaration)
  const text = !chars
    ? null
    : declaration.startsWith('__data_loc')
      ? 'data_loc'
      : size === 0
        ? 'rest'
        : /\[/.test(declaration)
          ? 'fixed'
          : null
  return { name, offset, size, signed, text }
}

/** Where a page of the ring buffer keeps what; `header_page` of the kernel. */
export interface PageLayout {
  readonly commitOffset: number
  readonly commitSize: number
  readonly dataOffset: number
}

export function parsePageLayout(headerPage: string): PageLayout {
  const at = (name: string): FormatField | undefined =>
    headerPage
      .split('\n')
      .flatMap((line) => {
        const [, declaration, offset, size] = FIELD.exec(line) ?? []
        return declaration === undefined
          ? []
          : [fieldOf(declaration, Number(offset), Number(size), false)]
      })
      .find((field) => field.name === name)
  const commit = at('commit')
  const data = at('data')
  if (!commit || !data || (commit.size !== 4 && commit.size !== 8))
    throw new InputError('expected commit and data in the layout of a page of the ring buffer')
  return { commitOffset: commit.offset, commitSize: commit.size, dataOffset: data.offset }
}
