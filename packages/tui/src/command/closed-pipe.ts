/** The reader of our output went away (`pagetrail … | head`): nobody is left to read it, so stop quietly. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe'
}
