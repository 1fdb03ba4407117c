/**
 * Thrown through a call that does not return: livelock, a wild dereference, BUG_ON, too many events. The hook has
 * been called by then; the machine catches it and runs no later call, and memory stays as it was left.
 */
export class KernelStop extends Error {
  override readonly name = 'KernelStop'
}

/**
 * Thrown through a program that is suspended by the schedule (see schedule.ts). Programs must not stop it. Not an
 * `Error`, and only one: the stack of an error costs four of five parts of a suspension.
 */
export class Suspended {
  readonly message = 'suspended by the schedule'
}

export const SUSPENDED = new Suspended()
