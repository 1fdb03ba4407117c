import { CAPTURES, type Library } from './library.ts'
import { REVIEW } from './review-items.ts'
import { commandOf, saidOf } from './review-explore.ts'
import type { ReviewItem } from './review-queries.ts'

const PARTS: readonly (readonly [from: number, title: string])[] = [
  [1, 'What the commit message claims and demands'],
  [20, 'What the code does'],
  [34, 'Review: contiguous mappings'],
  [37, 'Review: locking'],
  [67, 'Review: warnings, leaves, names'],
  [86, 'Not in the thread, but needed to judge it'],
]

function row(library: Library, item: ReviewItem): string {
  const cells = (shown: string, out: string) => `| ${item.n} | ${item.item} | ${shown} | ${out} |`
  switch (item.by) {
    case 'scenario':
      return cells(item.scenarios.map((name) => `\`${name}\``).join(', '), item.shows(library))
    case 'explore':
      return cells(
        item.searches.map((each) => `\`${commandOf(each)}\``).join('<br>'),
        item.searches.map(saidOf).join('<br>'),
      )
    case 'capture':
      return cells(
        CAPTURES.map(([, file]) => `\`pagetrail report test/fixtures/traces/${file}\``).join(
          '<br>',
        ),
        item.shows(library),
      )
    case 'meta':
      return cells('*nothing to run*', item.why)
  }
}

const count = (by: ReviewItem['by']): number => REVIEW.filter((item) => item.by === by).length

/** docs/review.md, from the recorded library. */
export function reviewDoc(library: Library): string {
  const lines = [
    '# The review, item by item',
    '',
    'Made by `test/recorder/check/hazard-docs.test.ts` from runs of the scenario library; do not edit.',
    '',
    'The first pagewalk patch (June 2025) and its review on the mailing list make 90 statements that can be judged.',
    `${count('scenario')} are shown here by recorded scenarios, with what came out on each version and a test that holds it to that;`,
    `${count('explore')} by searches of all interleavings; ${count('capture')} by captures of real kernels; ${count('meta')} are opinions, plans or style.`,
    'What was said of pages holds: the walk leaves the same tables and flushes as before, with fewer barriers. What was doubted is shown',
    'too: blocks that are cut, contiguous spans that are torn, flushes elided too early, two CPUs in one span; and the remedies, of which',
    'the split lock and the atomic clear are proved for the sizes searched, and retrying alone is not enough.',
    'To see one: the command that stands there, or `pagetrail record SCENARIO`, then `pagetrail report`, `check`, `replay` or `diff` of the runs.',
  ]
  for (const [i, [from, title]] of PARTS.entries()) {
    const to = PARTS[i + 1]?.[0] ?? REVIEW.length + 1
    lines.push('', `## ${title}`, '', '| | item | shown by | what came out |', '|---|---|---|---|')
    for (const item of REVIEW) if (item.n >= from && item.n < to) lines.push(row(library, item))
  }
  return [...lines, ''].join('\n')
}
