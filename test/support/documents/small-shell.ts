import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clickhouse } from '../clickhouse.ts'
import { pagetrail } from '../cli.ts'
import { duckdb } from '../duckdb.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')

/** What a command of a document came to. */
export interface Came {
  readonly status: number
  readonly out: string
  readonly err: string
}

interface Stage {
  readonly argv: readonly string[]
  readonly from: string | null
  readonly to: string | null
}

/** Words of a command line as a shell has them; what joins commands is a word of its own, comments are left out. */
const WORDS = /\s+|#.*$|&&|[|<>;]|(?:"[^"]*"|'[^']*'|\\.|[^\s"'|<>&#;\\]|(?<=\S)#)+/g

const unquoted = (word: string): string =>
  word.replaceAll(
    /"([^"]*)"|'([^']*)'|\\(.)/g,
    (_, double, single, sign) => double ?? single ?? sign,
  )

/** A pattern stands for the files that it fits, where there are any. */
const expanded = (word: string): string[] => {
  const files = /^[^'"]*\*/.test(word) ? globSync(word).toSorted() : []
  return files.length > 0 ? files : [unquoted(word)]
}

/** Commands that are piped, and whether the next ones run only where these came to 0. */
interface List {
  readonly stages: Stage[]
  readonly strict: boolean
}

export function parseCommandLine(line: string): readonly List[] {
  const lists: List[] = []
  let stages: Stage[] = []
  let [argv, from, to]: [string[], string | null, string | null] = [[], null, null]
  const words = [...line.matchAll(WORDS)].map(([word]) => word).filter((w) => !/^(?:\s|#)/.test(w))
  const end = (): void => {
    stages.push({ argv, from, to })
    ;[argv, from, to] = [[], null, null]
  }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '>') to = unquoted(words[++i] ?? '')
    else if (word === '<') from = unquoted(words[++i] ?? '')
    else if (word === '|') end()
    else if (word === '&&' || word === ';') {
      end()
      lists.push({ stages, strict: word === '&&' })
      stages = []
    } else argv.push(...expanded(word))
  }
  end()
  return [...lists, { stages, strict: false }]
}

/**
 * Runs a command line of a document in this folder: pagetrail and the engines that it pipes to in this process, other
 * programs as they are. 1 and 3 are answers of pagetrail's; where they keep `&&` from going on, the status is 125: the
 * document shows more than would run. 127 stands for a program that is not there.
 */
export async function runCommandLine(line: string): Promise<Came> {
  let came: Came = { status: 0, out: '', err: '' }
  for (const { stages, strict } of parseCommandLine(line)) {
    came = await runPipe(stages)
    if (strict && came.status !== 0) {
      return came.status === 2 ? came : { ...came, status: 125, err: `stops at ${came.status}` }
    }
  }
  return came
}

async function runPipe(stages: readonly Stage[]): Promise<Came> {
  let came: Came = { status: 0, out: '', err: '' }
  for (const { argv, from, to } of stages) {
    const input: string | Uint8Array = from === null ? came.out : readFileSync(from)
    const { status, out, err } = await runProgram(argv, input)
    came = { status, out, err: `${came.err}${err}` }
    if (status !== 0 && status !== 1 && status !== 3) return came
    if (to !== null) {
      writeFileSync(to, out, 'latin1')
      came = { ...came, out: '' }
    }
  }
  return came
}

async function runProgram(argv: readonly string[], stdin: string | Uint8Array): Promise<Came> {
  const [name = '', ...rest] = argv
  if (name === 'duckdb') return asked(await duckdb(String(stdin)))
  if (name === 'clickhouse' && rest[0] === 'local') {
    return asked(clickhouse(String(stdin).trim().replace(/;$/, '')))
  }
  if (name === 'pagetrail' && !rest.includes('--module')) {
    return inUtf8(await pagetrail(rest, { stdin: Buffer.from(stdin as string, 'latin1') }))
  }
  const [file, args] = name === 'pagetrail' ? [process.execPath, [program, ...rest]] : [name, rest]
  const input = typeof stdin === 'string' ? Buffer.from(stdin, 'latin1') : stdin
  const { status, error, stdout, stderr } = spawnSync(file, args, { input, encoding: 'latin1' })
  return { status: error ? 127 : (status ?? 126), out: stdout ?? '', err: stderr ?? '' }
}

const asked = (rows: readonly unknown[]): Came => ({
  status: rows.length === 0 ? 126 : 0,
  out: `${rows.length} rows`,
  err: '',
})

/** Between programs go bytes, one a character. */
const inUtf8 = ({ status, out, err }: Came): Came => ({
  status,
  out: Buffer.from(out).toString('latin1'),
  err,
})
