import { InputError } from '@pagetrail/engine'
import { didYouMean } from '../../event/nearest.ts'
import type { TracedFlavour } from '../translate/kernel-traits.ts'
import { definitionsFor, type Renamed } from './probes.ts'
import { captureKernel } from './releases.ts'
import { captureScript } from './script.ts'
import { readVmlinux, type Vmlinux } from './vmlinux.ts'

export interface CaptureOptions {
  /** `6.18`, or what `uname -r` prints; null: as the vmlinux says. */
  readonly kernel: string | null
  /** The kernel's own binary; null: probes at entries and returns only. */
  readonly vmlinux: string | null
  /** Prefix of nm and objdump; null: the first that reads aarch64. */
  readonly crossCompile: string | null
  /** The tree's own names: `set_memory_ro=its_name`. */
  readonly map: ReadonlyMap<string, string>
}

export interface Capture {
  readonly series: string
  /** The flavour whose functions are probed. */
  readonly probes: TracedFlavour
  readonly script: string
  /** What this capture cannot show, a sentence each. */
  readonly unseen: readonly string[]
  /** What the user should know before running it. */
  readonly remarks: readonly string[]
}

const ENTRIES_ONLY =
  'lazy MMU sections, barriers, flushes: only entries and returns of functions are probed'

/**
 * The capture script for a kernel, with its probes.
 * @throws InputError for a kernel that is not known, a vmlinux that cannot be read, a mapped name that is not probed
 */
export async function captureFor(options: CaptureOptions): Promise<Capture> {
  const binary =
    options.vmlinux === null ? null : await readVmlinux(options.vmlinux, options.crossCompile)
  const release = options.kernel ?? releaseOf(binary)
  if (release === null)
    throw new InputError('say which kernel: --kernel VERSION, or --vmlinux FILE')
  const { series, probes, neighbour } = captureKernel(release)
  const entries = definitionsFor(probes, binary !== null, checked(options.map, probes))
  const { definitions, unseen } =
    binary === null ? { definitions: entries, unseen: [ENTRIES_ONLY] } : within(binary, entries)
  const parts = {
    writtenBy: commandLine(options),
    series,
    banner: binary?.banner ?? null,
    definitions,
    unseen,
  }
  return {
    series,
    probes,
    script: captureScript(parts),
    unseen,
    remarks: [
      ...(neighbour
        ? [`${series} gets the probes of ${probes}: the functions they name are the same there`]
        : []),
      ...(binary === null ? [] : unseen.map((line) => `cannot be shown on this build: ${line}`)),
    ],
  }
}

/** The function that a definition is in: `p:NAME SYMBOL+OFFSET …`. */
const symbolOf = (line: string): string => line.split(' ')[1]!.split('+')[0]!

/** A build's own places besides the entries and returns that it has. */
function within(
  binary: Vmlinux,
  entries: readonly string[],
): { definitions: string[]; unseen: string[] } {
  const present = entries.filter((line) => binary.functions.has(symbolOf(line)))
  const absent = [...new Set(entries.filter((line) => !present.includes(line)).map(symbolOf))]
  const definitions = [...present, ...binary.definitions]
  const doubled = [...new Set(definitions.map(symbolOf))].filter(
    (name) => (binary.functions.get(name) ?? 0) > 1,
  )
  return {
    definitions: definitions.filter((line) => !doubled.includes(symbolOf(line))),
    unseen: [
      ...absent.map((name) => `${name}(): this build has no function of that name`),
      ...doubled.map(
        (name) =>
          `${name}(): this build has several functions of that name, and a probe cannot choose`,
      ),
      ...binary.missing,
    ],
  }
}

const releaseOf = (binary: Vmlinux | null): string | null =>
  /^Linux version (\S+)/.exec(binary?.banner ?? '')?.[1] ?? null

function checked(map: ReadonlyMap<string, string>, probes: TracedFlavour): Renamed {
  const known = definitionsFor(probes, true, new Map()).map((line) => line.split(' ')[1]!)
  for (const [name, other] of map) {
    if (!known.includes(name))
      throw new InputError(
        `--map ${name}=${other}: ${name} is not probed${didYouMean(name, known)}`,
      )
    if (!/^[A-Za-z_][\w.]*$/.test(other))
      throw new InputError(`--map ${name}=${other}: ${other} is not the name of a function`)
  }
  return map
}

const commandLine = ({ kernel, vmlinux, map }: CaptureOptions): string =>
  [
    'pagetrail capture-script',
    ...(kernel === null ? [] : [`--kernel ${kernel}`]),
    ...(vmlinux === null ? [] : ['--vmlinux FILE']),
    ...(map.size === 0 ? [] : [`--map ${[...map].map(([a, b]) => `${a}=${b}`).join(',')}`]),
  ].join(' ')
