import { type Question, QUESTIONS } from '../diff/options.ts'
import { html, type Html } from './html.ts'
import type { Answer } from '../diff/pair-result.ts'

const KINDS: Readonly<Record<Answer, string>> = {
  same: 'same',
  different: 'diff',
  unknown: 'unknown',
}

/** An answer to a question in a card or a cell. */
export const ANSWER_WORDS: Readonly<Record<Answer, string>> = {
  same: '= same',
  different: '≠ different',
  unknown: '? unknown',
}

/** The four questions of a comparison, a card each. */
export const questionCards = (
  answerOf: (question: Question) => { readonly answer: Answer; readonly text: Html },
): Html =>
  html`<ul class="cards" aria-label="Four questions">
    ${QUESTIONS.map((question) => {
      const { answer, text } = answerOf(question)
      return html`<li class="card ${KINDS[answer]}">
        <span>${question.slice(0, 1).toUpperCase()}${question.slice(1)}</span
        ><strong>${ANSWER_WORDS[answer]}</strong>
        <p>${text}</p>
      </li>`
    })}
  </ul>`
