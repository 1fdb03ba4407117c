import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { FLAVOUR_NAMES, GEOMETRY_NAMES, u64OfInput } from '@pagetrail/engine'
import { TREE_GEOMETRY_NAMES } from '@pagetrail/recorder'

/** How every verb explains its argument RUN. */
export const RUN = 'id, label, or -1 (the latest), -2, …'
/** The same where a file will do that `import` would take. */
export const RUN_OR_FILE = `${RUN}, or a file`

/** A number of events, rows, seconds: a whole number from 0. */
export function parseCount(text: string): number {
  const n = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n)) {
    throw new InvalidArgumentError('It must be a whole number from 0.')
  }
  return n
}

/** How every verb that takes an address explains it. */
export const ADDRESS =
  'Addresses are hexadecimal: 16 digits, or 0x and fewer. Other digits are decimal.'

export function parseAddress(text: string): bigint {
  const value = u64OfInput(text)
  if (value !== null && BigInt.asUintN(64, value) === value) return value
  if (value !== null || /^0x[0-9a-f]+$/i.test(text)) {
    throw new InvalidArgumentError('It has more than 64 bits.')
  }
  throw new InvalidArgumentError(
    'It must be an address such as ffff800080000000 or 0xffff800080000000.',
  )
}

/** `a,b,c`, blanks around the commas allowed. */
export const parseList = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** `mine=theirs,…` as an object. */
export function parsePairs(text: string): Record<string, string> {
  return Object.fromEntries(
    parseList(text).map((pair) => {
      const [left, right, ...more] = pair.split('=')
      if (left && right && more.length === 0) return [left, right]
      throw new InvalidArgumentError('It must be pairs such as mine=theirs, with commas between.')
    }),
  )
}

/** Of every verb that runs scenarios on the engine. */
export const FLAVOUR_LIST = new Option(
  '--flavour <list>',
  `versions of the kernel's code to run: ${FLAVOUR_NAMES.join(', ')}`,
).argParser(parseList)

const geometryList = (names: readonly string[]) =>
  new Option('--geometry <list>', `page size and address bits: ${names.join(', ')}`)

export const GEOMETRY_LIST = geometryList(GEOMETRY_NAMES).argParser(parseList)

/** Of the verbs that run a tree's own code. */
export const TREE_GEOMETRY_LIST = geometryList(TREE_GEOMETRY_NAMES)
  .argParser(parseList)
  .default<string[]>(['4k-48'], '4k-48')

/** Options of every verb that builds a tree. */
export const CROSS = new Option(
  '--cross <prefix>',
  'prefix of the compiler (default: aarch64-linux-gnu-, on arm64 none)',
)
export const CACHE = new Option(
  '--cache <dir>',
  'folder for everything that is built (default: $XDG_CACHE_HOME/pagetrail/tree)',
)
