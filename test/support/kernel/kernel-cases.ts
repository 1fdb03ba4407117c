import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** The kernel-made cases that come with the tests (test/fixtures/corpus/README.md), one line of JSON each. */
export function kernelCases(): readonly string[] {
  const path = new URL('../../fixtures/corpus/kernel.jsonl.gz', import.meta.url)
  return gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n')
}
