/**
 * Input that cannot be used: a scenario, a call or an option. `path` says where in the input, in the form
 * `calls[2].addr`; the message begins with it and ends with what would be right.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly path: string

  constructor(path: string, message: string) {
    super(path === '' ? message : `${path}: ${message}`)
    this.path = path
  }
}
