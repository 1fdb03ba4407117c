import type { Hooks } from './hooks.ts'

/** Hooks that do nothing: a base for hooks that want only a few of the events. */
export class SilentHooks implements Hooks {
  cpu(_cpu: number): void {}
  opBegin(..._call: Parameters<Hooks['opBegin']>): void {}
  opEnd(_fn: string, _ret: number): void {}
  walkBegin(..._walk: Parameters<Hooks['walkBegin']>): void {}
  walkEnd(): void {}
  cbEnter(): void {}
  cbExit(): void {}
  hole(): void {}
  descWrite(..._store: Parameters<Hooks['descWrite']>): void {}
  descRead(..._load: Parameters<NonNullable<Hooks['descRead']>>): void {}
  tableAlloc(): void {}
  tableAllocFail(): void {}
  tableFree(..._table: Parameters<Hooks['tableFree']>): void {}
  lazyMmuEnter(): void {}
  lazyMmuLeave(): void {}
  barrierQueue(): void {}
  barrier(): void {}
  dsb(): void {}
  tlbFlush(): void {}
  tlbi(): void {}
  lock(_fn: string): void {}
  unlock(): void {}
  split(): void {}
  warn(): void {}
  badEntry(): void {}
  context(): void {}
  sleepInAtomic(_fn: string): void {}
  access(..._access: Parameters<Hooks['access']>): void {}
  livelock(): void {}
  wildDeref(): void {}
  bug(): void {}
  tooManyEvents(): void {}
}
