/** The reader of our output went away (`pagetrail … | head`): there is nobody to tell, so stop quietly. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe'
}
