import type { Run } from './run.ts'

/** How a kernel version is built, as far as it decides what probes can show of it. */
interface KernelShows {
  /** flush_tlb_kernel_range() is inlined into its callers, so its instructions are seen; else it is a function. */
  readonly inlinesFlushes: boolean
  /** There are lazy MMU sections. */
  readonly hasLazy: boolean
  /** The barrier that ends the section of a split sits where a probe can distinguish it. */
  readonly splitBarrier: boolean
}

/** Of versions that are not known, and of those in between. */
const LATER: KernelShows = { inlinesFlushes: false, hasLazy: true, splitBarrier: true }

const BY_FLAVOUR: Readonly<Record<string, KernelShows>> = {
  '6.12': { inlinesFlushes: true, hasLazy: false, splitBarrier: true },
  '7.3': { ...LATER, splitBarrier: false },
}

/** What the code of a run's kernel lets probes show. */
export const kernelShows = ({ flavour }: Pick<Run, 'flavour'>): KernelShows =>
  (flavour === null ? undefined : BY_FLAVOUR[flavour]) ?? LATER

/** The flavours whose flushes are seen as instructions alone. */
export const INLINING_FLAVOURS: readonly string[] = Object.keys(BY_FLAVOUR).filter(
  (flavour) => BY_FLAVOUR[flavour]!.inlinesFlushes,
)
