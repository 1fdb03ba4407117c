/** Calls of a scenario that Realms, KFENCE and the boot make. */
import type { Spec } from './call-spec.ts'
import type { Cpu } from '../../machine/cpu.ts'
import type { Flavour } from '../../machine/flavour.ts'
import { asFlag, asInt, asVa } from '../../machine/json-fields.ts'
import {
  archKfenceInitPool,
  kfenceProtectPage,
  linearMapMaybeSplitToPtes,
} from '../linear-map-split.ts'
import { setMemoryDecrypted, setMemoryEncrypted } from '../mem-encrypt.ts'
import type { Va } from '../../arch/u64.ts'

const splits = (f: Flavour): boolean => f.split !== null

/** `rsi`: what the Realm Management Monitor answers, 0 or a negative errno. */
const onRealm = (run: (cpu: Cpu, addr: Va, numpages: number, rsi: number) => number): Spec => ({
  fields: ['addr', 'numpages', 'rsi'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const numpages = asInt(fields['numpages'], `${path}.numpages`)
    const rsi = asInt(fields['rsi'] ?? 0, `${path}.rsi`, -4095, 0)
    return {
      range: (cpu) => [addr, addr + numpages * cpu.geometry.pageSize],
      run: (cpu) => run(cpu, addr, numpages, rsi),
    }
  },
})

const kfenceProtect: Spec = {
  fields: ['addr', 'protect'],
  parse: (fields, path) => {
    const addr = asVa(fields['addr'], `${path}.addr`)
    const protect = asFlag(fields['protect'], `${path}.protect`)
    return {
      range: (cpu) => [addr, addr + cpu.geometry.pageSize],
      run: (cpu) => Number(kfenceProtectPage(cpu, addr, protect)),
    }
  },
}

const kfenceInit: Spec = {
  fields: [],
  parse: () => ({
    range: ({ features: f }) => [f.kfence_start, f.kfence_start + f.kfence_size],
    run: (cpu) => Number(archKfenceInitPool(cpu)),
  }),
}

/** The kernel image's linear alias, which stays as it is. */
const splitLinearMap: Spec = {
  fields: ['image_start', 'image_end'],
  parse: (fields, path) => {
    const at = (name: string): Va =>
      fields[name] === undefined ? 0 : asVa(fields[name], `${path}.${name}`)
    const start = at('image_start')
    const end = at('image_end')
    return {
      supported: splits,
      range: () => null,
      run: (cpu) => {
        linearMapMaybeSplitToPtes(cpu, start, end)
        return 0
      },
    }
  },
}

export const REALM_AND_KFENCE_CALLS: Readonly<Record<string, Spec>> = {
  set_memory_encrypted: onRealm(setMemoryEncrypted),
  set_memory_decrypted: onRealm(setMemoryDecrypted),
  arch_kfence_init_pool: kfenceInit,
  kfence_protect_page: kfenceProtect,
  linear_map_maybe_split_to_ptes: splitLinearMap,
}
