import type { Geometry, LevelName } from '@pagetrail/engine'
import {
  changedBits,
  descriptorParts,
  formOf,
  memoryTypeOf,
  outputAddress,
  type Run,
  runGeometry,
} from '@pagetrail/recorder'
import { hex } from './fit.ts'

/** A descriptor in a few words: `RW NX`, `RO X CONT`, `table`, `invalid RO`, `none`; null: never seen. */
export function attributes(v: bigint | null, level: LevelName | null): string {
  if (v === null) return '?'
  const { form, bits } = descriptorParts(v, level)
  if (form === 'none' || form === 'table') return form
  const has = (name: string) => bits.includes(name)
  const words = [has('RDONLY') ? 'RO' : has('DBM') ? 'RW' : 'R-', has('PXN') ? 'NX' : 'X']
  const valid = form !== 'invalid' && form !== 'present-invalid'
  if (!valid) words.unshift('invalid')
  else if (form !== 'page') words.unshift(form)
  if (has('USER')) words.push('USER')
  if (has('CONT')) words.push('CONT')
  if (valid && !has('AF')) words.push('AF=0')
  const memory = memoryTypeOf(v)
  if (memory.index !== 0) words.push(memory.name.replace('NORMAL_', ''))
  return words.join(' ')
}

/** What a store changed, in bits: `+RDONLY -DBM`, `none -> RW NX`, `same`. */
export function change(old: bigint | null, now: bigint | null, level: LevelName | null): string {
  if (old === null || now === null) return '?'
  if (old === now) return 'same'
  const table = formOf(now, level) === 'table'
  if (old === 0n || now === 0n || (formOf(old, level) === 'table') !== table) {
    return `${attributes(old, level)} -> ${attributes(now, level)}`
  }
  const words = changedBits(old, now, table)
  const [before, after] = [memoryTypeOf(old).index, memoryTypeOf(now).index]
  if (before !== after) words.push(`attr ${before}>${after}`)
  if (outputAddress(old, null) !== outputAddress(now, null)) words.push('address')
  return words.length > 0 ? words.join(' ') : `${hex(old ^ now)} differ`
}

const geometries = new WeakMap<Run, Geometry | null>()

/** Where the address bits of a run's descriptors lie; null: it does not tell. */
export function geometryOfRun(run: Run): Geometry | null {
  let geometry = geometries.get(run)
  if (geometry === undefined) geometries.set(run, (geometry = runGeometry(run)))
  return geometry
}

const withoutAddress = (v: bigint): bigint => v ^ outputAddress(v, null)

/** Whether two entries map alike: everything but where they lead. */
export function hasSameMapping(
  a: bigint | null,
  b: bigint | null,
  level: LevelName | null,
): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  return formOf(a, level) === formOf(b, level) && withoutAddress(a) === withoutAddress(b)
}
