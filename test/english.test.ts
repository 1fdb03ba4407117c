import dictionary from 'dictionary-en-gb'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import nspell from 'nspell'
import { retext } from 'retext'
import articles from 'retext-indefinite-article'
import repeated from 'retext-repeated-words'
import { expect, test } from 'vitest'
import { englishIn, type Prose, proseOfMarkdown, proseOfSource } from './support/documents/prose.ts'

/** Everything that somebody reads; but for the migrations, whose text is part of every database that they have made. */
const root = join(import.meta.dirname, '..')
const FILES = globSync(
  [
    '*.md',
    'docs/**/*.md',
    '{packages/*/src,bench,examples}/**/*.{ts,tsx}',
    'packages/tui/demo/*.ts',
  ],
  { cwd: root },
).toSorted()
const PROSE = new Map<string, Prose[]>(
  FILES.map((name) => {
    const file = join(root, name)
    return [name, name.endsWith('.md') ? proseOfMarkdown(file) : proseOfSource(file)]
  }),
)

/** The kernel's words, those of formats and tools, and names; a line for each kind. */
const OWN = new Set(
  readFileSync(join(import.meta.dirname, 'words.txt'), 'utf8')
    .replace(/^#.*/gm, '')
    .split(/\s+/),
)

/** Each looks right to its author, and is not what an English reader expects. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\btold\b|\btells?\b/i, 'say, show, report, distinguish'],
  [/\bcom(?:es?|ing) along\b/i, 'built-in'],
  [/\b(?:hold|holding|held)\b[^.;]{0,40}\bagainst\b/i, 'compare with'],
  [/\bfor want of\b/i, 'for lack of, without'],
  [/(?<!there )\b(?:is|are) no (?!longer|more|less|other|such)/i, 'is not a'],
  [/\bwhat there is\b/i, 'name it'],
  [/\bhad from\b/i, 'follows from'],
  [/\bno chance\b/i, 'no randomness'],
  [/\bhears? of\b/i, 'gets, learns'],
  [/\bat (?:least|most) so many\b/i, 'that many'],
]

/** Pieces of SQL, of shell and of HTML stand in strings too. */
const isCode = (text: string): boolean =>
  /^\s*(?:select|with|create|insert|update|delete|pragma)\b|<\w+|\bselect\b|\{[^}]*:|\bfi$/m.test(
    text,
  )

function* hits(find: (english: string) => Iterable<string>): Iterable<string> {
  for (const [file, pieces] of PROSE) {
    for (const { line, text } of pieces) {
      if (isCode(text)) continue
      for (const hit of find(englishIn(text))) yield `${file}:${line}: ${hit}`
    }
  }
}

const wordsOf = (english: string) => english.match(/\p{L}+(?:['’]\p{L}+)*/gu) ?? []

test('words are spelt as in a British dictionary, or are words of this field', () => {
  const { aff, dic } = dictionary
  const speller = nspell({ aff: Buffer.from(aff), dic: Buffer.from(dic) })
  const known = new Map<string, boolean>()
  const isKnown = (word: string): boolean => {
    const stem = word.replace(/['’]s$/, '')
    if (/^\p{Lu}+s?$/u.test(stem) || OWN.has(stem) || OWN.has(stem.toLowerCase())) return true
    const ok = known.get(stem) ?? speller.correct(stem)
    known.set(stem, ok)
    return ok
  }
  expect([...hits((english) => wordsOf(english).filter((word) => !isKnown(word)))]).toEqual([])
})

test('no word stands twice, and a and an stand where they belong', () => {
  const checker = retext().use(articles).use(repeated)
  const found = hits((english) =>
    checker.processSync(english.replace(/^\|.*$/gm, ' ; ')).messages.map(({ reason }) => reason),
  )
  expect([...found]).toEqual([])
})

test('phrases that English readers stumble over', () => {
  const found = hits((english) =>
    PHRASES.flatMap(([phrase, better]) => {
      const hit = phrase.exec(english)
      return hit ? [`“${hit[0]}”: ${better}`] : []
    }),
  )
  expect([...found]).toEqual([])
})
