import { join } from 'node:path'

/**
 * `$XDG_CACHE_HOME/pagetrail`, where it is remembered what of unchanged databases has been proven; undefined: the
 * environment names no home, and every command proves anew.
 */
export function proofFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = env['HOME']
  const cache = env['XDG_CACHE_HOME'] || (home ? join(home, '.cache') : undefined)
  return cache === undefined ? undefined : join(cache, 'pagetrail')
}
