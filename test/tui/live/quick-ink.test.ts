import { build } from 'esbuild'
import * as fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { INK_DEFINES, quickInk } from '../../../packages/tui/quick-ink.ts'
import quickWidth from '../../../packages/tui/src/text/quick-width.ts'

test('a sign, alone, after a letter, with a selector, is as wide as the library says', () => {
  const signs = Array.from({ length: 0x2_800 }, (_, code) => String.fromCharCode(code))
  const texts = signs.flatMap((sign) => [sign, `a${sign}`, `${sign}\u{fe0f}`])
  expect(texts.map((text) => quickWidth(text))).toEqual(texts.map((text) => stringWidth(text)))
})

/** Signs that meet on a screen, and those that join others. */
const SIGNS = [
  'aZ9 ─┃▶·◆✗≠×µ语가é👍😀☎©#*▪→',
  '\u{200d}\u{fe0f}\u{301}\u{20e3}\u{1f1e6}\u{ad}\u{200b}',
]
const STYLES = [
  '\x1b[1m',
  '\x1b[22m',
  '\x1b[38;2;1;2;3m',
  '\x1b[39m',
  '\x1b[7m',
  '\x1b[27m',
  '\x1b[0m',
]
const SIGN = fc.constantFrom(...SIGNS.join(''), ...STYLES)
const LINE = fc.array(SIGN, { maxLength: 30 }).map((signs) => signs.join(''))

test('whatever stands side by side is as wide as the library says', () => {
  fc.assert(
    fc.property(LINE, (line) => {
      expect(quickWidth(line)).toBe(stringWidth(line))
    }),
    { numRuns: 2_000 },
  )
})

type Draw = (frames: readonly (readonly string[])[], stdout: PassThrough) => Promise<void>

/** Frames of a box with clipped lines, one of them over the others, drawn one after the other. */
const DRAWER = `
import { Box, Text, render } from 'ink'
const screen = (lines) => (
  <Box width={24} height={8} overflow="hidden" borderStyle="round">
    <Box flexDirection="column" width={16} overflow="hidden">
      {lines.map((line, i) => <Text key={i} wrap="truncate">{line}</Text>)}
    </Box>
    <Box flexDirection="column">{lines.map((line, i) => <Text key={i} bold wrap="truncate">{line}</Text>)}</Box>
    {lines.length > 3 && (
      <Box position="absolute" top={2} left={lines.length}><Text>{lines[3]}</Text></Box>
    )}
  </Box>
)
export default async function draw(frames, stdout) {
  const options = { stdout, interactive: true, incrementalRendering: true, maxFps: 1_000_000, patchConsole: false }
  const app = render(screen([]), options)
  for (const lines of frames) {
    app.rerender(screen(lines))
    await app.waitUntilRenderFlush()
  }
  app.unmount()
}
`

async function drawer(quick: boolean): Promise<Draw> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'pagetrail-ink-')), 'draw.mjs')
  await build({
    stdin: { contents: DRAWER, resolveDir: join(import.meta.dirname, '../../..'), loader: 'jsx' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    plugins: quick ? [quickInk] : [],
    define: INK_DEFINES,
    alias: {
      'react-devtools-core': join(
        import.meta.dirname,
        '../../../packages/tui/src/live/no-devtools.ts',
      ),
    },
    banner: {
      js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
    },
  })
  return (await import(outfile)).default
}

/** What was written, byte for byte. */
async function written(draw: Draw, frames: readonly (readonly string[])[]): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { columns: 30, rows: 10, isTTY: true })
  const chunks: Buffer[] = []
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await draw(frames, stdout)
  return String(Buffer.concat(chunks))
}

test('Ink draws the same, byte for byte', async () => {
  const [plain, quick] = await Promise.all([drawer(false), drawer(true)])
  const fresh = fc.sample(fc.array(LINE, { maxLength: 6 }), 150)
  // Each again a while later: what is kept of it is shown.
  const frames = fresh.flatMap((frame, i) => [frame, fresh[i >> 1] ?? []])
  const expected = await written(plain, frames)
  expect(expected.length).toBeGreaterThan(1_000)
  expect(await written(quick, frames)).toBe(expected)
})
