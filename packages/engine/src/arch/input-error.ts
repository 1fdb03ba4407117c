/**
 * Bad input of any kind: an argument, a scenario, a file, a database. The message is one sentence or two that say
 * where, what is wrong and what would be right, and is all that a user sees; the command exits with 2.
 */
export class InputError extends Error {
  override readonly name: string = 'InputError'

  /** Of a place within the input, in the form `calls[2].addr`; empty for the whole of it. */
  static of(path: string, message: string): InputError {
    return new InputError(path === '' ? message : `${path}: ${message}`)
  }

  /** The same error, in a larger place: `trace.txt:12`. */
  at(where: string): InputError {
    return new InputError(`${where}: ${this.message}`, { cause: this })
  }
}
