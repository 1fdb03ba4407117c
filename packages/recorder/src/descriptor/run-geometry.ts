import { createGeometry, type Geometry } from '@pagetrail/engine'

import type { Run, RunGeometry } from '../event/run.ts'

/**
 * The engine's geometry of a run; null where the run does not say. Facts have what the row does not: `pa_bits` and
 * `va_bits_actual`, where they are not what follows from the rest.
 */
export function runGeometry({ geometry, facts }: Pick<Run, 'geometry' | 'facts'>): Geometry | null {
  if (geometry === null) return null
  let known = geometries.get(geometry)
  if (known === undefined) geometries.set(geometry, (known = geometryOf(geometry, facts)))
  return known
}

const geometries = new WeakMap<RunGeometry, Geometry>()

function geometryOf(geometry: RunGeometry, facts: Run['facts']): Geometry {
  const optional = (name: string) => (typeof facts[name] === 'number' ? facts[name] : undefined)
  return createGeometry({
    page_shift: geometry.pageShift,
    va_bits: geometry.vaBits,
    pa_bits: optional('pa_bits'),
    va_bits_actual: optional('va_bits_actual'),
  })
}
