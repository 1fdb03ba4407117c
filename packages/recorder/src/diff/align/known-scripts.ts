import { alignRows, type RowScript } from './rows.ts'
import { TOKEN_WORDS, type Tokens } from './tokens.ts'

/** Words kept of streams that were seen, 16 MB; beyond, all are forgotten and kept anew. */
const KEPT_WORDS = 1 << 22
/** Rows of the longest stream that is kept: longer ones hardly repeat. */
const KEPT_ROWS = 4096

/** One normalised stream, as many calls may have it, with how it lies beside others. */
interface Stream {
  readonly words: Uint32Array
  readonly fields: Uint32Array
  readonly scripts: Map<Stream, RowScript>
}

/**
 * The alignments of two runs' calls, each made once: most calls repeat a few dozen streams, and how two of them lie
 * side by side follows from their words and compared fields alone. Streams are the same when every word is.
 */
export class KnownScripts {
  private readonly streams = new Map<number, Stream[]>()
  private readonly budget: number
  private kept = 0

  /** `budget`: of one alignment, as {@link alignRows} takes it. */
  constructor(budget: number) {
    this.budget = budget
  }

  /** {@link alignRows} of the two. */
  of(left: Tokens, right: Tokens): RowScript {
    if (left.length > KEPT_ROWS || right.length > KEPT_ROWS)
      return alignRows(left, right, this.budget)
    if (this.kept > KEPT_WORDS) this.forget()
    const { scripts } = this.streamOf(left)
    const other = this.streamOf(right)
    const known = scripts.get(other)
    if (known) return known
    const script = alignRows(left, right, this.budget)
    scripts.set(other, script)
    // Three numbers and a status a run.
    this.kept += 8 * script.runs.length
    return script
  }

  private streamOf({ words, fields, length }: Tokens): Stream {
    const used = length * TOKEN_WORDS
    const digest = digestOf(words, used)
    let streams = this.streams.get(digest)
    if (streams === undefined) this.streams.set(digest, (streams = []))
    for (const stream of streams) {
      if (
        stream.words.length === used &&
        isStart(stream.words, words) &&
        isStart(fields, stream.fields)
      )
        return stream
    }
    const stream = { words: words.slice(0, used), fields: fields.slice(), scripts: new Map() }
    streams.push(stream)
    this.kept += used + fields.length
    return stream
  }

  private forget(): void {
    this.streams.clear()
    this.kept = 0
  }
}

function digestOf(words: Uint32Array, used: number): number {
  let digest = used
  for (let i = 0; i < used; i++) {
    digest = Math.imul(digest ^ words[i]!, 0x85ebca6b)
    digest ^= digest >>> 15
  }
  return digest
}

function isStart(start: Uint32Array, whole: Uint32Array): boolean {
  for (let i = 0; i < start.length; i++) if (start[i] !== whole[i]) return false
  return true
}
