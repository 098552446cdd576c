/** A table as it is built up: a query and what it gives. */
export interface Relation {
  /** A complete SELECT. */
  readonly sql: string
  /** In order, without the hidden column. */
  readonly columns: { name: string; type: string }[]
}

/** The file of each row, until the steps that ask for it are done. */
export const ORIGIN = '__hagane_origin'
