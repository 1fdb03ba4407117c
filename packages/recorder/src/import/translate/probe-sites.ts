import { type Kind, kindOfId } from '../../event/kinds.ts'
import type { MetProbe } from './probe-table.ts'

/** In which functions a capture shows what: a probe inside a function shows nothing of the others. */
export class ProbeSites {
  readonly #fns: Set<MetProbe>[] = []

  /** An event of this kind was shown in the function of `at`. */
  add(kind: number, at: MetProbe): void {
    const fns = (this.#fns[kind] ??= new Set())
    fns.add(at)
  }

  /** By kind, the names of the functions. */
  toJson(): Partial<Record<Kind, string[]>> {
    const sites: Partial<Record<Kind, string[]>> = {}
    this.#fns.forEach((probes, id) => {
      const kind = kindOfId(id)
      if (kind) sites[kind] = [...new Set([...probes].map(({ fn }) => fn))].toSorted()
    })
    return sites
  }
}
