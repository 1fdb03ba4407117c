import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What a long bench has counted so far: how many times of which seed, and rows of numbers by name. */
export interface Figures {
  readonly seed: number
  times: number
  readonly rows: Record<string, Record<string, number>>
}

/**
 * Figures of an earlier part, so that a bench of an hour can be run in pieces; zeros where there is no file.
 *
 * @throws Error where the file is of another seed
 */
export function figuresIn(path: string | undefined, seed: number): Figures {
  if (path === undefined || !existsSync(path)) return { seed, times: 0, rows: {} }
  const figures = JSON.parse(readFileSync(path, 'utf8')) as Figures
  if (figures.seed !== seed) throw new Error(`${path} counts seed ${figures.seed}, not ${seed}`)
  return figures
}

export function keep(path: string | undefined, figures: Figures): void {
  if (path !== undefined) writeFileSync(path, JSON.stringify(figures))
}

/** Adds one to a number of a row; the first time makes it. */
export function add(figures: Figures, name: string, number: string, by = 1): void {
  const row = (figures.rows[name] ??= {})
  row[number] = (row[number] ?? 0) + by
}
