import { CpuLine, type SavedLine } from './cpu-line.ts'

/** Lines by CPU as they are saved, and on which CPU each task was last seen. */
export interface SavedLines {
  readonly lines: readonly SavedLine[]
  readonly cpuOf: ReadonlyMap<string, number>
}

/** The CPUs of which there were events, and where tasks were last seen. */
export class CpuLines {
  readonly cpuOf = new Map<string, number>()
  readonly #lines: CpuLine[] = []

  of(cpu: number): CpuLine {
    const known = this.#lines[cpu]
    if (known !== undefined) return known
    const line = new CpuLine(cpu)
    this.#lines[cpu] = line
    return line
  }

  *[Symbol.iterator](): Iterator<CpuLine> {
    for (const line of this.#lines) if (line !== undefined) yield line
  }

  save(): SavedLines {
    return { lines: [...this].map((line) => line.save()), cpuOf: this.cpuOf }
  }

  load({ lines, cpuOf }: SavedLines): void {
    this.#lines.length = 0
    this.cpuOf.clear()
    for (const line of lines) this.#lines[line.cpu] = CpuLine.from(line)
    for (const [task, cpu] of cpuOf) this.cpuOf.set(task, cpu)
  }
}
