import { count, many } from '@pagetrail/recorder'
import type { Run } from '@pagetrail/recorder'
import type { CheckView, FindingView, RuleView } from '../data/data.ts'
import { safe, wrap } from '../text/fit.ts'
import type { Replay } from './model.ts'
import { opened, type PageLine } from './page.ts'

interface FindingPage {
  readonly title: string
  readonly lines: readonly PageLine[]
}

let last: { readonly of: CheckView; readonly columns: number; readonly page: FindingPage } | null =
  null

/** What the checks say, rule by rule, the gravest first; each event of a proof is a line that leads there. */
export function findingPage(run: Run, checked: CheckView, columns: number): FindingPage {
  if (last?.of !== checked || last.columns !== columns) {
    last = { of: checked, columns, page: pageOf(run, checked, columns) }
  }
  return last.page
}

function pageOf(run: Run, checked: CheckView, columns: number): FindingPage {
  const { groups, undecided, rules } = checked
  const said = many(rules - undecided.length, 'rule')
  const total = groups.reduce((sum, group) => sum + group.count, 0)
  const lines: PageLine[] = []
  if (groups.length === 0)
    lines.push({
      text:
        rules === undecided.length
          ? 'No rule can be decided on what this run shows.'
          : `No finding: ${said} hold in what this run shows.`,
    })
  for (const group of groups) lines.push(...groupLines(run, group, columns))
  for (const [i, text] of undecided.entries()) {
    const part = { group: 'undecided', item: `undecided ${i}` }
    const missing = /#(\d+)/.exec(text)?.[1]
    const link = missing === undefined ? undefined : placeIn(run, Number(missing))
    for (const [at, line] of wrap(safe(`undecided: ${text}`), columns).entries()) {
      lines.push({ text: line, role: 'note', part, link: at === 0 ? link : undefined })
    }
  }
  return { title: `${many(total, 'finding')} by ${said}, ${undecided.length} undecided`, lines }
}

const placeIn = (run: Run, seq: number) => ({ to: 'event', run: run.id, seq }) as const

/** A rule, what it found, and what helps. */
function* groupLines(run: Run, group: RuleView, columns: number): Iterable<PageLine> {
  const { severity, rule, hazard, sentence, findings, remedies } = group
  const part = { group: rule, item: null }
  const head = `${severity}: ${rule} (${hazard}), ${many(group.count, 'finding')}`
  yield { text: head, role: severity === 'note' ? 'note' : 'bad', part }
  for (const text of wrap(sentence, columns - 2)) yield { text: `  ${text}`, part }
  for (const [i, finding] of findings.entries()) {
    const own = { group: rule, item: `${rule} ${i}` }
    for (const line of linesOf(run, finding, columns)) yield { ...line, part: own }
  }
  const rest = group.count - findings.length
  if (rest > 0) yield { text: `  and ${count(rest)} more, which are not listed`, part }
  for (const remedy of remedies) {
    for (const text of wrap(`remedy: ${remedy}`, columns - 2)) {
      yield { text: `  ${text}`, role: 'good', part }
    }
  }
  yield { text: '', part }
}

function* linesOf(run: Run, f: FindingView, columns: number): Iterable<PageLine> {
  const to = (seq: number) => placeIn(run, seq)
  const call = f.op === null ? '' : `call ${f.op}: `
  const link = to(f.proof[0]?.seq ?? f.seq)
  for (const [i, text] of wrap(safe(`${call}${f.text}`), columns - 4).entries()) {
    yield i === 0 ? { text: `  - ${text}`, link } : { text: `    ${text}` }
  }
  for (const { seq, cpu, text } of f.proof) {
    yield { text: `      #${seq} c${cpu} ${safe(text)}`, role: 'write', link: to(seq) }
  }
  if (f.chain === '') return
  // The calls around the proof, each a place to go to: the line leads to the innermost of those it names.
  for (const [i, text] of wrap(safe(`in ${f.chain}`), columns - 8).entries()) {
    const named = [...text.matchAll(/#(\d+)/g)].at(-1)?.[1]
    const line = { text: `      ${i === 0 ? '' : '  '}${text}`, role: 'same' } as const
    yield named === undefined ? line : { ...line, link: to(Number(named)) }
  }
}

/** A run with what the checks said of it; its page of findings opens at the first place. */
export const withChecked = (r: Replay, checked: CheckView, columns: number): Replay => ({
  ...r,
  checked,
  findings: opened(findingPage(r.run, checked, columns - 4).lines),
})

/** What one rule found, as it stands on the page around a line, for a mail or an issue. */
export function findingMarkdown(run: Run, lines: readonly PageLine[], at: number): string {
  const ends = lines.flatMap((line, i) => (line.text === '' ? [i] : []))
  const from = (ends.findLast((i) => i < at) ?? -1) + 1
  const to = ends.find((i) => i >= from) ?? lines.length
  const [head, ...rest] = lines.slice(from, to)
  const body = rest.map(({ text }) => text.replace(/^ {2}/, '').replace(/^ {4}(?=[#i])/, '  - '))
  return [`**${head?.text ?? ''}** in run ${run.id} ${run.label}`, '', ...body].join('\n')
}
