import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** The file does not exist, but recording or importing would make it: its folder does. */
export const isYetToBeMade = (db: string): boolean => !existsSync(db) && existsSync(dirname(db))
