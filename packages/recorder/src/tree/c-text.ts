/** As much of C as it takes to find a function's definition in a file of a kernel: its head, parameters and end. */

export interface Parameter {
  /** As it is written, without the name: `struct mm_struct *`. */
  readonly type: string
  readonly name: string
}

export interface Definition {
  readonly name: string
  /** Offsets: of the first word of its head, of its name, behind its closing brace. */
  readonly start: number
  readonly nameAt: number
  readonly end: number
  /** Its head up to the opening brace, white space folded: `static int f(int a)`. */
  readonly head: string
  readonly returnType: string
  readonly parameters: readonly Parameter[]
}

/** All definitions of a function: several where `#ifdef` chooses one. */
export function definitionsOf(text: string, name: string): Definition[] {
  const found: Definition[] = []
  for (const match of text.matchAll(new RegExp(`\\b${name}\\s*\\(`, 'g'))) {
    const nameAt = match.index
    const open = text.indexOf('(', nameAt)
    const close = closing(text, open, '(', ')')
    if (close === -1) continue
    const brace = /^\s*\{/.exec(text.slice(close + 1))
    if (brace === null) continue
    const start = headStart(text, nameAt)
    const bodyAt = close + brace[0].length
    const end = closing(text, bodyAt, '{', '}')
    const before = text.slice(start, nameAt)
    // A call in a condition has a brace behind it as well.
    if (end === -1 || !/^[\w\s*]+$/.test(before) || /\b(if|while|for|switch)\b/.test(before))
      continue
    found.push({
      name,
      start,
      nameAt,
      end: end + 1,
      head: folded(text.slice(start, close + 1)),
      returnType: folded(before.replaceAll(STORAGE, ' ')),
      parameters: parametersOf(text.slice(open + 1, close)),
    })
  }
  return found
}

/** Storage classes and the kernel's attributes, which are not part of a type. */
const STORAGE =
  /\b(static|extern|inline|__always_inline|noinline|__init|__meminit|__ref|__maybe_unused|noinstr|notrace)\b/g

const folded = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** The head of a definition may begin on a line of its own: `static int` above the name. */
function headStart(text: string, nameAt: number): number {
  let start = text.lastIndexOf('\n', nameAt) + 1
  while (start > 0) {
    const lineAt = text.lastIndexOf('\n', start - 2) + 1
    const line = text.slice(lineAt, start - 1)
    if (!/^[A-Za-z_][\w\s*]*$/.test(line)) break
    start = lineAt
  }
  return start
}

/** Offset of the bracket that closes the one at `open`; -1: there is none. Comments and literals do not count. */
export function closing(text: string, open: number, opens: string, closes: string): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    const c = text[i]
    if (c === '/' && text[i + 1] === '*') i = endOf(text, '*/', i + 2) + 1
    else if (c === '/' && text[i + 1] === '/') i = endOf(text, '\n', i)
    else if (c === '"' || c === "'") i = literalEnd(text, i)
    else if (c === opens) depth++
    else if (c === closes && --depth === 0) return i
  }
  return -1
}

/** Where `mark` is next; the end of the text where it is not. */
function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at
}

function literalEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[at] || text[i] === '\n') return i
  }
  return text.length
}

function parametersOf(text: string): Parameter[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const c of text.replaceAll(/\/\*[\s\S]*?\*\//g, ' ')) {
    if (c === '(') depth++
    if (c === ')') depth--
    if (c === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += c
  }
  parts.push(part)
  return parts.map(folded).flatMap((one) => {
    if (one === '' || one === 'void') return []
    const pointer = /\(\s*\*\s*(\w+)\s*\)/.exec(one)
    const name = pointer?.[1] ?? /(\w+)\s*(\[[^\]]*\])?$/.exec(one)?.[1] ?? ''
    return [{ type: folded(one.replace(new RegExp(`\\b${name}\\b(?!.*\\b${name}\\b)`), '')), name }]
  })
}
