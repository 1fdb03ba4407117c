/** A line being typed: what it is for, its text, and where the cursor stands. */
export interface Prompt {
  readonly kind: PromptKind
  readonly text: string
  /** Position of the cursor, 0 … text.length. */
  readonly at: number
  /** Chosen completion; -1: none. */
  readonly chosen: number
  /** How far back in the history of its kind; 0: the line itself. */
  readonly back: number
  /** The line as it was before going back. */
  readonly draft: string
  /** What it is about: a run's id, a seq, … */
  readonly subject: number | null
}

export type PromptKind =
  | 'filter'
  | 'search'
  | 'command'
  | 'rename'
  | 'note'
  | 'import'
  | 'record'
  | 'export'
  | 'runs'
  | 'filterDiff'
  | 'searchDiff'
  | 'page'
  | 'findPage'
  | 'sql'

/** Prompts for the path of a file. */
export const PATHS: ReadonlySet<PromptKind> = new Set(['import', 'export'])

export const openPrompt = (kind: PromptKind, text = '', subject: number | null = null): Prompt => ({
  kind,
  text,
  at: text.length,
  chosen: -1,
  back: 0,
  draft: '',
  subject,
})

const edited = (p: Prompt, text: string, at: number): Prompt => ({ ...p, text, at, chosen: -1 })

/** Puts text in at the cursor; line ends of a paste become blanks. */
export function insert(p: Prompt, typed: string): Prompt {
  const text = typed.replace(/[\r\n\t]+/g, ' ').replace(/[\x00-\x1f\x7f]/g, '')
  return edited(p, p.text.slice(0, p.at) + text + p.text.slice(p.at), p.at + text.length)
}

function cutWord(p: Prompt): Prompt {
  const head = p.text.slice(0, p.at).replace(/\S*\s*$/, '')
  return edited(p, head + p.text.slice(p.at), head.length)
}

/** An editing key applied; null: the key does not edit. */
export function editKey(p: Prompt, key: string): Prompt | null {
  switch (key) {
    case 'left':
      return { ...p, at: Math.max(0, p.at - 1) }
    case 'right':
      return { ...p, at: Math.min(p.text.length, p.at + 1) }
    case 'home':
    case 'ctrl+a':
      return { ...p, at: 0 }
    case 'end':
    case 'ctrl+e':
      return { ...p, at: p.text.length }
    case 'backspace':
      return p.at === 0 ? p : edited(p, p.text.slice(0, p.at - 1) + p.text.slice(p.at), p.at - 1)
    case 'delete':
      return edited(p, p.text.slice(0, p.at) + p.text.slice(p.at + 1), p.at)
    case 'ctrl+u':
      return edited(p, p.text.slice(p.at), 0)
    case 'ctrl+k':
      return edited(p, p.text.slice(0, p.at), p.at)
    case 'ctrl+w':
      return cutWord(p)
    default:
      return null
  }
}

/** Goes back (1) or forth (-1) in the history, newest first. */
export function recall(p: Prompt, history: readonly string[], step: 1 | -1): Prompt {
  const back = Math.max(0, Math.min(history.length, p.back + step))
  if (back === p.back) return p
  const draft = p.back === 0 ? p.text : p.draft
  const text = back === 0 ? draft : (history[back - 1] ?? draft)
  return { ...p, text, at: text.length, chosen: -1, back, draft }
}

/** A part of the line replaced; the cursor goes behind it. */
export function replaced(p: Prompt, start: number, end: number, text: string): Prompt {
  return edited(p, p.text.slice(0, start) + text + p.text.slice(end), start + text.length)
}
