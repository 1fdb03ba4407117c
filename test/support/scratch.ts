import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One folder for everything that tests and the programs they start write for a while; it goes when the run ends. */
export default function scratch(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-tests-'))
  // Some tests give up their rights, and must still come to their files.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
