import { InputError } from '@pagetrail/engine'
import { TRACED_FLAVOURS, type TracedFlavour } from '../translate/kernel-traits.ts'

/**
 * Which kernels the probes of a flavour fit: the functions and their arguments are those of that flavour, whatever else
 * changed. Each row holds from its release up to the next row's.
 */
const FITTING: readonly {
  readonly from: readonly [number, number]
  readonly probes: TracedFlavour
}[] = [
  { from: [6, 1], probes: '6.12' },
  { from: [6, 16], probes: '6.17' },
  { from: [6, 18], probes: '6.18' },
  { from: [7, 0], probes: '7.3' },
]

/** The last release of a major version, where there is a next one. */
const LAST: ReadonlyMap<number, number> = new Map([[6, 19]])

/** The newest release whose source the probes were compared with. */
const NEWEST: readonly [number, number] = [7, 3]

/** A kernel to capture on, and whose probes it gets. */
export interface CaptureKernel {
  /** Version and patch level, without what a distribution appends: `6.16`. */
  readonly series: string
  readonly probes: TracedFlavour
  /** The probes are those of a neighbour, because Pagetrail has no flavour of this series. */
  readonly neighbour: boolean
}

const below = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])

/**
 * The kernel that a text names: `6.18`, or all that `uname -r` prints, `6.18.15+deb13-cloud-arm64`.
 * @throws InputError for other text, and for kernels outside of 6.1 to 7.3, with the nearest that is known
 */
export function captureKernel(text: string): CaptureKernel {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?:[.+~_-].*)?$/.exec(text.trim()) ?? []
  if (major === undefined || minor === undefined) {
    throw new InputError(
      `${text} does not name a kernel: give a version such as 6.18, or what uname -r prints`,
    )
  }
  const version = [Number(major), Number(minor)] as const
  const series = `${version[0]}.${version[1]}`
  const row = FITTING.findLast(({ from }) => !below(version, from))
  if (!row) {
    throw new InputError(
      `there are no probes for ${series}: 6.1 is the oldest kernel they fit, with those of 6.12`,
    )
  }
  if (below(NEWEST, version)) {
    throw new InputError(
      `there are no probes for ${series} yet: try those of the nearest, --kernel ${NEWEST.join('.')}; ` +
        'functions that it lacks are named when the script runs',
    )
  }
  const last = LAST.get(version[0])
  if (last !== undefined && version[1] > last) {
    throw new InputError(
      `there never was a kernel ${series}: the nearest are ${version[0]}.${last} and ${version[0] + 1}.0`,
    )
  }
  const neighbour = !TRACED_FLAVOURS.some((flavour) => flavour === series)
  return { series, probes: row.probes, neighbour }
}
