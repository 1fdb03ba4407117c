/** Starts the terminal UI as bin/pagetrail.js does, without the verbs: DATABASE [RUN…]. */
const app: typeof import('../../../packages/tui/src/live/run-app.tsx') = await import(
  new URL('../../../packages/tui/dist/app.js', import.meta.url).href
)
const [db = '', ...runs] = process.argv.slice(2)
const { stdin, stdout, stderr, env } = process
process.exit(await app.runApp({ db, runs, io: { stdin, stdout, stderr, env } }))
