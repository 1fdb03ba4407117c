import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * `npm test`: everything that must hold, one step after the other, and as the last line `N passed, N failed`.
 * Lint, format, types and build count as one test each; the rest are vitest's own.
 */
interface Tally {
  passed: number
  failed: number
}

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules', '.bin', name)

const STEPS = [
  { name: 'lint', command: [bin('oxlint'), '--deny-warnings'] },
  { name: 'format', command: [bin('oxfmt'), '--check', '.'] },
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  { name: 'build', command: [process.execPath, 'packages/tui/build.ts'] },
] as const

/** Runs a command in the root; resolves to its output, kept back unless `show`, and whether it succeeded. */
function run(command: readonly string[], show: boolean): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const [file, ...args] = command
    const stdio = show ? 'inherit' : 'pipe'
    const child = spawn(file!, args, { cwd: root, stdio: ['ignore', stdio, stdio] })
    let output = ''
    child.stdout?.on('data', (data) => (output += data))
    child.stderr?.on('data', (data) => (output += data))
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

async function step(name: string, command: readonly string[], tally: Tally): Promise<void> {
  const began = performance.now()
  const { ok, output } = await run(command, false)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${ok ? '✓' : '✗'} ${name} ${seconds} s`)
  if (!ok) console.log(output)
  tally[ok ? 'passed' : 'failed']++
}

/** What this program reads of vitest's JSON report. */
interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

/** Runs the unit and end-to-end tests. A file that does not even load is one failure. */
async function tests(tally: Tally): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pagetrail-check-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { ok } = await run([bin('vitest'), 'run', ...reporters], true)
    const report: VitestReport = JSON.parse(await readFile(file, 'utf8'))
    const broken = report.testResults.filter(
      (f) => f.status === 'failed' && f.assertionResults.every((t) => t.status !== 'failed'),
    )
    const failed = report.numFailedTests + broken.length
    tally.passed += report.numPassedTests
    // An unhandled error outside of any test makes vitest fail although each test passed.
    tally.failed += failed === 0 && !ok ? 1 : failed
    listOthers(report, broken)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What failed, and what was not run: nothing is left out in silence. */
function listOthers(report: VitestReport, broken: VitestReport['testResults']): void {
  for (const f of broken)
    console.log(`✗ ${f.name}: ${f.message?.split('\n')[0] ?? 'does not load'}`)
  for (const f of report.testResults) {
    for (const t of f.assertionResults) {
      if (t.status !== 'passed') {
        const mark = t.status === 'failed' ? '✗' : `- ${t.status}:`
        console.log(`${mark} ${f.name.replace(`${root}/`, '')} › ${t.fullName}`)
      }
    }
  }
}

const tally: Tally = { passed: 0, failed: 0 }
for (const { name, command } of STEPS) await step(name, command, tally)
try {
  await tests(tally)
} catch (error) {
  console.log(`✗ vitest gave no report: ${error instanceof Error ? error.message : String(error)}`)
  tally.failed++
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed > 0 ? 1 : 0
