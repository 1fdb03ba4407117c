import { COLUMN_NAMES } from '../../event/event-columns.ts'

/** What SQLite's file format (sqlite.org/fileformat2.html) calls the pages of a table, and the values of a record. */

export const LEAF = 0x0d
export const INTERIOR = 0x05
export const LEAF_HEADER = 8
export const INTERIOR_HEADER = 12
/** So many bytes less than a page has is the longest row that lies in one page. */
export const MOST_SMALL = 35

/** Types of a record's columns: NULL, integers by their size, 0 and 1 without a byte, texts from this on. */
export const NULL = 0
export const INT = [0, 1, 2, 3, 4, 0, 5, 0, 6] as const
export const ZERO = 8
export const ONE = 9
export const TEXT = 13

/** The order in which the columns of a row are written and read here. */
const ORDER = 'id ts cpu task op nest kind level fn va size old new aux ret extra more'
if (COLUMN_NAMES.join(' ') !== ORDER) throw new Error('the columns of table event have changed')
