import { html, Html, type Value } from './html.ts'
import { STYLE } from './style.ts'

/** A part of a page that can be linked to. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Html
}

/** A whole file: it asks nothing of anywhere, and the policy in it has a browser see to that. */
export function document(
  title: string,
  head: Value,
  sections: readonly Section[],
  made: Value,
): string {
  const links = sections.map(({ id, title: text }) => html`<li><a href="#${id}">${text}</a></li>`)
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${new Html(policy)}" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <a class="skip" href="#${sections[0]?.id ?? ''}">Skip to the details</a>
        <header>
          ${head}
          <nav aria-label="Sections">
            <ul>
              ${links}
            </ul>
          </nav>
        </header>
        <main>${sections.map(sectionOf)}</main>
        <footer>
          <p>
            Written by <code>${made}</code>. This file needs nothing else: it holds no script and
            loads nothing.
          </p>
        </footer>
      </body>
    </html> `.text
}

const sectionOf = ({ id, title, body }: Section): Html =>
  html`<section id="${id}" aria-labelledby="h-${id}">
    <h2 id="h-${id}">${title}</h2>
    ${body}
  </section> `
