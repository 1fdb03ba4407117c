import type { Hooks } from '@pagetrail/engine'

type Method = Exclude<keyof Hooks, never>

/** Every hook there is, so that a new one is not forgotten here: the type makes the list complete. */
const METHODS: Readonly<Record<Method, true>> = {
  cpu: true,
  opBegin: true,
  opEnd: true,
  walkBegin: true,
  walkEnd: true,
  cbEnter: true,
  cbExit: true,
  hole: true,
  descWrite: true,
  tableAlloc: true,
  tableAllocFail: true,
  tableFree: true,
  lazyMmuEnter: true,
  lazyMmuLeave: true,
  barrierQueue: true,
  barrier: true,
  dsb: true,
  dmb: true,
  isb: true,
  tlbFlush: true,
  tlbi: true,
  lock: true,
  unlock: true,
  split: true,
  warn: true,
  badEntry: true,
  context: true,
  sleepInAtomic: true,
  access: true,
  tlbFill: true,
  tlbEvict: true,
  descRead: true,
  spanBegin: true,
  spanEnd: true,
  livelock: true,
  wildDeref: true,
  bug: true,
  tooManyEvents: true,
}

const show = (value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

/** Hooks that write down each call as a line: `descWrite 4,4096,…`. */
export function hookLog(): { hooks: Hooks; lines: string[] } {
  const lines: string[] = []
  const note =
    (name: string) =>
    (...args: readonly unknown[]): void => {
      lines.push(`${name} ${JSON.stringify(args, (_, value: unknown) => show(value)).slice(1, -1)}`)
    }
  const entries = Object.keys(METHODS).map((name) => [name, note(name)])
  const hooks: Hooks = Object.fromEntries(entries)
  return { hooks, lines }
}
