import { bindingsOf, type AnyBinding, type CommandId, type KeyPlace } from './keys.ts'

/** What a line typed at `:` asks for. */
export type PaletteRequest =
  | { readonly type: 'command'; readonly id: CommandId }
  | { readonly type: 'seq'; readonly seq: number }
  | { readonly type: 'share'; readonly share: number }
  | { readonly type: 'time'; readonly ns: number }
  | { readonly type: 'unknown' }

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }

/** `1234` or `1,234`: an event; `50%`: a share of the run; `12.5ms`: a moment; else the best match among commands. */
export function understand(text: string, chosen: number, screen: KeyPlace): PaletteRequest {
  const line = text.trim()
  if (/^[\d,_]+$/.test(line)) return { type: 'seq', seq: Number(line.replace(/[,_]/g, '')) }
  const share = /^(\d+(?:\.\d+)?)\s*%$/.exec(line)
  if (share) return { type: 'share', share: Math.min(1, Number(share[1]) / 100) }
  const time = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)$/.exec(line)
  if (time) return { type: 'time', ns: Math.round(Number(time[1]) * (UNITS[time[2] ?? 'ns'] ?? 1)) }
  const found = matches(line, screen)[Math.max(0, chosen)]
  return found ? { type: 'command', id: found.id } : { type: 'unknown' }
}

/** Commands that have each of these words, or its letters in one word, in name, label or help; the best first. */
export function matches(text: string, screen: KeyPlace): readonly AnyBinding[] {
  const words = text.trim().toLowerCase().split(/\s+/)
  return bindingsOf(screen)
    .map((b) => {
      const texts = [b.id, b.label, b.help.toLowerCase()]
      const scores = words.map((word) => Math.min(...texts.map((t, i) => score(word, t) + 3 * i)))
      return { b, score: scores.reduce((sum, n) => sum + n, 0) }
    })
    .filter((x) => x.score < Infinity)
    .toSorted((x, y) => x.score - y.score)
    .map((x) => x.b)
}

/** How well a text has a word: as it is, or its letters in order in one word that begins like it; Infinity: not. */
function score(query: string, text: string): number {
  if (query === '') return 0
  const whole = text.indexOf(query)
  if (whole >= 0) return whole === 0 || /\W/.test(text[whole - 1] ?? ' ') ? 0 : 1
  return Math.min(Infinity, ...text.split(/[\W_]+/).map((word) => 10 + skipped(query, word)))
}

/** Letters of a word that are passed over; Infinity: it does not have those of the query in order. */
function skipped(query: string, word: string): number {
  if (word[0] !== query[0]) return Infinity
  let at = -1
  for (const letter of query) {
    at = word.indexOf(letter, at + 1)
    if (at < 0) return Infinity
  }
  return at + 1 - query.length
}
