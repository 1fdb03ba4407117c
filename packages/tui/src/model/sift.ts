import { isPlainText } from '@pagetrail/recorder'
import type { PageLine, Only } from './page.ts'

export interface Sifted {
  readonly lines: readonly PageLine[]
  /** Parts that are wanted, and all there are. */
  readonly shown: number
  readonly of: number
}

/** Events that a line names. */
export function seqsNamed({ text, link }: PageLine): number[] {
  const named = [...text.matchAll(/#(\d+)/g)].map(([, seq]) => Number(seq))
  return link?.to === 'event' ? [link.seq, ...named] : named
}

/**
 * The lines of the parts that are wanted: those in which, their group's own lines included, every word can be read, or
 * which name an event that an expression lets through. Lines of no part stay.
 */
export function sifted(lines: readonly PageLine[], only: Only | null): Sifted {
  const parts = new Map<string, { group: string; texts: string[]; seqs: number[] }>()
  const groups = new Map<string, string[]>()
  for (const line of lines) {
    if (!line.part) continue
    const { group, item } = line.part
    if (item === null) {
      groups.set(group, [...(groups.get(group) ?? []), line.text])
      continue
    }
    const part = parts.get(item) ?? { group, texts: [], seqs: [] }
    part.texts.push(line.text)
    part.seqs.push(...seqsNamed(line))
    parts.set(item, part)
  }
  if (only === null) return { lines, shown: parts.size, of: parts.size }
  const words = isPlainText(only.text) ? only.text.toLowerCase().split(/\s+/) : []
  const isWanted = ({ group, texts, seqs }: { group: string; texts: string[]; seqs: number[] }) => {
    if (only.seqs) return seqs.some((seq) => only.seqs?.has(seq))
    const text = [...(groups.get(group) ?? []), ...texts].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const items = new Set([...parts].filter(([, part]) => isWanted(part)).map(([item]) => item))
  const whole = new Set(
    [...parts].filter(([item]) => items.has(item)).map(([, { group }]) => group),
  )
  const kept = lines.filter(({ part }) => {
    if (!part) return true
    return part.item === null ? whole.has(part.group) : items.has(part.item)
  })
  return { lines: kept, shown: items.size, of: parts.size }
}

let last: {
  readonly of: readonly PageLine[]
  readonly only: Only | null
  readonly is: Sifted
} | null = null

/** The same, made once for the same lines. */
export function siftedOnce(lines: readonly PageLine[], only: Only | null): Sifted {
  if (last?.of !== lines || last.only !== only) last = { of: lines, only, is: sifted(lines, only) }
  return last.is
}
