import { InputError } from '../arch/input-error.ts'
import { LEVEL_NAMES } from '../arch/level.ts'
import { asFields, asInt, asText, asU64, asVa, refuseUnknown } from '../machine/json-fields.ts'
import type { InitRun } from '../machine/start-state.ts'

/** An entry of `init`. @throws InputError */
export function parseRun(input: unknown, path: string): InitRun {
  const fields = asFields(input, path)
  refuseUnknown(fields, ['va', 'level', 'desc', 'count', 'pa_step', 'invalid'], path)
  const name = asText(fields['level'], `${path}.level`)
  const level = LEVEL_NAMES.find((known) => known === name)
  if (level === undefined) {
    throw InputError.of(`${path}.level`, `"${name}" should be pgd, p4d, pud, pmd or pte`)
  }
  asVa(fields['va'], `${path}.va`)
  return {
    va: asU64(fields['va'], `${path}.va`),
    level,
    desc: asU64(fields['desc'], `${path}.desc`),
    count: asInt(fields['count'] ?? 1, `${path}.count`, 1),
    paStep: asU64(fields['pa_step'] ?? 0, `${path}.pa_step`),
  }
}
