import { createGeometry, type Geometry } from '@pagetrail/engine'

import type { Run } from '../event/run.ts'

/** The engine's geometry of a run; null where the run does not tell. */
export function runGeometry({ geometry }: Pick<Run, 'geometry'>): Geometry | null {
  if (geometry === null) return null
  return createGeometry({ page_shift: geometry.pageShift, va_bits: geometry.vaBits })
}
