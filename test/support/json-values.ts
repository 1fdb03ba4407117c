import { hexOf } from '@pagetrail/engine'
import { fieldsOf, KIND_NAMES } from '../../packages/recorder/src/event/kinds.ts'

/** Names of 64-bit fields of events: what is called so holds 64 bits wherever it stands. */
const WIDE: ReadonlySet<string> = new Set(
  KIND_NAMES.flatMap((kind) =>
    fieldsOf(kind)
      .filter(([, { type }]) => type === 'u64' || type === 'end')
      .map(([name]) => name),
  ),
)

/** Hashes, of as many digits. */
const HASHES: ReadonlySet<string> = new Set([
  'fingerprint',
  'primaryLocationLineHash',
  'pagetrail/v1',
])

/** An integer that a reader of JSON may round. */
const LONG_NUMBER = /(?<=[:,[]\s*)-?\d{16,}(?=\s*[,}\]])/g

/** What in a text of JSON, or in lines of it, is a 64-bit value in another form than `"0x…"`; [] where it is none. */
export function otherForms(text: string): string[] {
  const wrong: string[] = [...(text.match(LONG_NUMBER) ?? [])]
  for (const json of jsonOf(text)) {
    visit('', json, wrong)
  }
  return wrong
}

/** How many values there are of 64 bits: a test that looks at none shows nothing. */
export const wideValues = (text: string): number =>
  jsonOf(text).reduce<number>((n, json) => n + (JSON.stringify(json).match(/"0x/g)?.length ?? 0), 0)

/** One value, or a value a line; what a text of another form holds beside them is passed over. */
function jsonOf(text: string): unknown[] {
  const whole = parsed(text)
  if (whole !== undefined) return [whole]
  return text
    .split('\n')
    .map(parsed)
    .filter((json) => json !== undefined)
}

function parsed(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function visit(name: string, value: unknown, wrong: string[]): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      visit(Array.isArray(value) ? name : key, inner, wrong)
    }
  } else if (!isRight(name, value)) wrong.push(`${name}: ${JSON.stringify(value)}`)
}

function isRight(name: string, value: unknown): boolean {
  if (typeof value === 'number') return !WIDE.has(name)
  if (typeof value !== 'string' || HASHES.has(name)) return true
  if (/^0x[0-9a-f]+$/i.test(value)) return value === hexOf(BigInt(value))
  return !/^(?:[0-9a-f]{16}|-?\d{16,})$/i.test(value)
}
