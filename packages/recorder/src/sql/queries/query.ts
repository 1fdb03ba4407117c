/** A question about one run that comes with Pagetrail. */
export interface Query {
  readonly name: string
  readonly title: string
  /** One statement of plain SQLite, with the parameter `:run`. */
  readonly sql: string
}
