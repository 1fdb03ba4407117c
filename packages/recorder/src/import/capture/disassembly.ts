/** An instruction as objdump prints it. */
export interface Instruction {
  /** Bytes from the function's start. */
  readonly offset: number
  readonly mnemonic: string
  /** Operands as text, without the comment; a branch's target is `ADDRESS <symbol>`. */
  readonly operands: string
}

export interface Disassembled {
  readonly name: string
  readonly code: readonly Instruction[]
}

const HEAD = /^([0-9a-f]+) <(.+)>:$/
/** GNU objdump and llvm-objdump, with or without the raw words: `ADDRESS: [WORD] MNEMONIC OPERANDS [// COMMENT]`. */
const LINE = /^\s*([0-9a-f]+):\s+(?:[0-9a-f]{8}\s+)?([a-z][a-z0-9.]*)\s*(.*?)\s*(?:(?:\/\/|;).*)?$/

/**
 * The functions of `objdump -d` output, one after the other, for as long as `wanted` says so of the name or of one of
 * the lines. Holds one function at a time: a kernel has seven million lines.
 */
export async function* functionsOf(
  lines: AsyncIterable<string>,
  wanted: (name: string) => boolean,
  mentions: (line: string) => boolean,
): AsyncGenerator<Disassembled> {
  let name = ''
  let start = 0n
  let keep = false
  let body: string[] = []
  const taken = (): Disassembled => ({
    name,
    code: body.flatMap((line) => instruction(line, start)),
  })
  for await (const line of lines) {
    const head = HEAD.exec(line)
    if (head) {
      if (keep) yield taken()
      name = head[2]!
      start = BigInt(`0x${head[1]}`)
      body = []
      keep = wanted(name)
    } else if (name !== '') {
      body.push(line)
      keep ||= mentions(line)
    }
  }
  if (keep) yield taken()
}

function instruction(line: string, start: bigint): Instruction[] {
  const [, address, mnemonic, operands] = LINE.exec(line) ?? []
  if (address === undefined || mnemonic === undefined || operands === undefined) return []
  return [{ offset: Number(BigInt(`0x${address}`) - start), mnemonic, operands }]
}
