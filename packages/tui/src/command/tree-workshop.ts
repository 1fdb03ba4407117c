import {
  InputError,
  type TreeGeometry,
  TREE_GEOMETRIES,
  TREE_GEOMETRY_NAMES,
  Workshop,
} from '@pagetrail/recorder'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Session } from './session.ts'

/** Options of the verbs that build kernel trees. */
export interface TreeOptions {
  readonly cross?: string | undefined
  readonly cache?: string | undefined
}

/** A workshop that is closed with the verb; what it builds is reported on a terminal. */
export async function openWorkshop(
  session: Session,
  options: TreeOptions,
  signal?: AbortSignal,
): Promise<Workshop> {
  const workshop = await Workshop.open({
    cache: cacheOf(session, options),
    hostIsArm64: process.arch === 'arm64',
    cross: options.cross,
    signal,
    onStep: (what) => {
      if (session.io.stderr.isTTY) void session.note(`${what} …`)
    },
  })
  session.atEnd(() => workshop.close())
  return workshop
}

/** Where everything that is built goes. */
export const cacheOf = (session: Session, { cache }: TreeOptions): string =>
  resolve(cache ?? defaultCache(session))

function defaultCache({ io }: Session): string {
  const { XDG_CACHE_HOME: xdg, HOME: home } = io.env
  return join(xdg || join(home || homedir(), '.cache'), 'pagetrail', 'tree')
}

/** The geometries of `--geometry`, by name. */
export function treeGeometries(names: readonly string[]): TreeGeometry[] {
  return names.map((name) => {
    const found = TREE_GEOMETRIES.find((geometry) => geometry.name === name)
    if (found) return found
    throw new InputError(
      `a tree is not run with geometry ${name}; it is one of ${TREE_GEOMETRY_NAMES.join(', ')}`,
    )
  })
}

/** The last part of each path, with those before it where two would be the same. */
export function treeNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split('/').filter((part) => part !== ''))
  const named = (count: number) => parts.map((part) => part.slice(-count).join('/'))
  for (let count = 1; ; count++) {
    const names = named(count)
    const isDone = new Set(names).size === new Set(paths).size
    if (isDone || parts.every((part) => part.length <= count)) return names
  }
}
