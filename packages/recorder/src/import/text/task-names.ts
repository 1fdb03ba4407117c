import { ByteTable } from '../bytes/byte-table.ts'
import { isDigit } from '../bytes/number-text.ts'
import type { Task, TaskStacks } from '../translate/task-stack.ts'
import { decodeUtf8 } from '../bytes/utf8.ts'

const SLASH = 0x2f
/** Tasks remembered before those with nothing open are forgotten; twice as many as are still needed, after that. */
const MAX_TASKS = 0x1_0000

/** The tasks of a trace, by their name and by their pid: a task keeps its open functions when it changes its name. */
export class TaskNames {
  readonly #intern: (text: string) => number
  #byName = new ByteTable<Task>()
  #byPid = new Map<number, TaskStacks>()
  /** When to forget next. Doubled where it helped little: each task is then looked at a few times, however many. */
  #most = MAX_TASKS

  constructor(intern: (text: string) => number) {
    this.#intern = intern
  }

  /** The task whose line says bytes [start, end), which `hash` is of; its pid is the last number in it. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): Task {
    const known = this.#byName.find(bytes, start, end, hash)
    if (known) return known
    let pidAt = end
    while (pidAt > start && isDigit(bytes[pidAt - 1])) pidAt--
    const pid = Number(decodeUtf8(bytes, pidAt, end))
    const comm = decodeUtf8(bytes, start, Math.max(start, pidAt - 1))
    // perf's `comm pid/tid`
    const task = this.task(comm.replace(bytes[pidAt - 1] === SLASH ? / +\d+$/ : / +$/, ''), pid)
    this.#byName.add(bytes, start, end, hash, task)
    return task
  }

  task(comm: string, pid: number): Task {
    if (this.#byPid.size >= this.#most || this.#byName.size >= this.#most) this.#forget()
    let stacks = this.#byPid.get(pid)
    if (!stacks) {
      stacks = { idle: pid === 0, byCpu: [] }
      this.#byPid.set(pid, stacks)
    }
    return { name: this.#intern(`${comm}-${pid}`), stacks }
  }

  #forget(): void {
    this.#byName.retain((task) => open(task.stacks))
    for (const [pid, stacks] of this.#byPid) if (!open(stacks)) this.#byPid.delete(pid)
    this.#most = Math.max(MAX_TASKS, 2 * this.#byName.size, 2 * this.#byPid.size)
  }
}

const open = (stacks: TaskStacks): boolean => stacks.byCpu.some((stack) => stack && stack.depth > 0)
