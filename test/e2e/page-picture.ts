import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

/** `npm run docs:page`: the picture in README.md of the page that its example makes, in the browser that is there. */
const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
const folder = mkdtempSync(join(tmpdir(), 'pagetrail-picture-'))

/** What the command prints; a comparison exits with 1 where runs differ. */
function pagetrail(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return stdout
}

const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  pagetrail('record', 'half-changed', '--flavour', 'seed-v1')
  const module = join(root, 'examples', 'forgotten-flush.ts')
  pagetrail('record', 'half-changed', '--module', module)
  const page = join(folder, 'diff.html')
  writeFileSync(page, pagetrail('diff', '--format', 'html'))
  const tab = await browser.newPage({ viewport: { width: 1080, height: 470 } })
  await tab.goto(pathToFileURL(page).href)
  await tab.screenshot({ path: join(root, 'docs', 'screens', 'page.png') })
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
