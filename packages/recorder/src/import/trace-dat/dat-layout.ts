import type { ByteSource } from './byte-source.ts'
import type { Unpack } from './unpack.ts'

/** The events that one CPU wrote to one buffer: pages of the ring buffer, possibly packed. */
export interface CpuData {
  readonly cpu: number
  readonly offset: number
  readonly size: number
}

/** One instance of ftrace's ring buffer. */
export interface DatBuffer {
  /** Empty for the top one. */
  readonly name: string
  readonly clock: string | null
  readonly pageSize: number
  readonly cpus: readonly CpuData[]
}

/** What a trace.dat holds, whatever its version. */
export interface DatFile {
  readonly version: 6 | 7
  readonly little: boolean
  readonly longSize: number
  readonly source: ByteSource
  /** Layout of a page of the ring buffer, as the kernel describes it. */
  readonly headerPage: string
  /** The kernel's description of each event. */
  readonly formats: readonly string[]
  readonly cmdlines: string
  /** The text of printk_formats: what trace_printk() was given, by its address. */
  readonly printk: () => string
  /** The text of /proc/kallsyms. */
  readonly kallsyms: () => string
  /** Release of the kernel, where it was noted. */
  readonly kernel: string | null
  readonly buffers: readonly DatBuffer[]
  /** How CPUs' data are packed; null: not at all. */
  readonly unpack: Unpack | null
}

/** `Linux host 6.18.15 aarch64` → the release. */
export const releaseOf = (uname: string): string | null => uname.split(' ')[2] ?? null

/** `local global [mono] …` → mono. */
export const chosenClock = (clocks: string): string | null =>
  /\[([^\]]+)\]/.exec(clocks)?.[1] ?? null
