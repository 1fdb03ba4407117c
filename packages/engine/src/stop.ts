/**
 * Thrown through a call that does not return: livelock, a wild dereference, BUG_ON, too many events. The hook has
 * been called by then; the machine catches it and runs no later call, and memory stays as it was left.
 */
export class KernelStop extends Error {
  override readonly name = 'KernelStop'
}
