import { expect, test } from 'vitest'
import { PtyScreen } from './pty.ts'

test('a frame that comes in pieces is looked at when it is whole', async () => {
  const halves = `printf '\\033[?2026hfirst\\r\\n'; sleep 0.3; printf 'last\\033[?2026l'; read -r _`
  const s = new PtyScreen('/bin/sh', ['-c', halves])
  await s.until('first')
  expect(s.lines().slice(0, 2)).toEqual(['first', 'last'])
  s.kill('SIGKILL')
  await s.exited
})
