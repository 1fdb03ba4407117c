/**
 * Memory of a Realm made shared with its host, or private again (arch/arm64/mm/mem_encrypt.c and pageattr.c, 6.17 and
 * later; 6.12 has the dispatcher, and nothing registers with it). A true break-before-make.
 */
import type { Cpu } from '../machine/cpu.ts'
import { NO_BITS, union } from '../arch/descriptor.ts'
import { EINVAL } from '../arch/errno.ts'
import { changeMemory } from './pageattr.ts'
import { masksFor, ownMasks } from './pageattr-masks.ts'
import { hiOf, isAligned, isBelow, loOf } from '../arch/u64.ts'
import type { Va, Words } from '../arch/u64.ts'
import { warnOn } from '../machine/warn.ts'

/** What the Realm Management Monitor answers to RSI_IPA_STATE_SET: 0 or a negative errno. */
export type RsiOutcome = number

/**
 * set_memory_encrypted(): [addr, addr + numpages pages) of the linear map becomes private. 0, also outside a Realm and
 * (with a WARN) for an unaligned addr; -EINVAL off the linear map; else what failed, with a WARN: the memory is lost.
 */
export const setMemoryEncrypted = (
  cpu: Cpu,
  addr: Va,
  numpages: number,
  rsi: RsiOutcome = 0,
): number => dispatch(cpu, addr, numpages, true, rsi)

/** set_memory_decrypted(): it becomes shared; as {@link setMemoryEncrypted}. */
export const setMemoryDecrypted = (
  cpu: Cpu,
  addr: Va,
  numpages: number,
  rsi: RsiOutcome = 0,
): number => dispatch(cpu, addr, numpages, false, rsi)

function dispatch(cpu: Cpu, addr: Va, numpages: number, encrypt: boolean, rsi: number): number {
  const { features, flavour } = cpu
  if (!features.realm || !flavour.pageattr.realm) return 0
  if (!isAligned(addr, cpu.geometry.pageSize)) {
    warnOn(cpu, encrypt ? 'set_memory_encrypted' : 'set_memory_decrypted')
    return 0
  }
  const err = setMemoryEncDec(cpu, addr, numpages, encrypt, rsi)
  if (err !== 0) warnOn(cpu, encrypt ? 'realm_set_memory_encrypted' : 'realm_set_memory_decrypted')
  return err
}

/** __set_memory_enc_dec(): break, which flushes; inform the monitor; make, which needs no flush. */
function setMemoryEncDec(
  cpu: Cpu,
  addr: Va,
  numpages: number,
  encrypt: boolean,
  rsi: RsiOutcome,
): number {
  const { PAGE_OFFSET, PAGE_END } = cpu.system.constants
  if (isBelow(addr, PAGE_OFFSET) || !isBelow(addr, PAGE_END)) return EINVAL
  const size = numpages * cpu.geometry.pageSize
  const shared = sharedBit(cpu.features.ipa_bits)
  const invalid = masksFor(cpu, 'invalid')
  const set = union(invalid.set, encrypt ? NO_BITS : shared)
  const clear = union(invalid.clear, encrypt ? shared : NO_BITS)
  const broken = changeMemory(cpu, addr, size, ownMasks(cpu, set, clear))
  if (broken !== 0) return broken
  const fn = encrypt ? 'rsi_set_memory_range_protected' : 'rsi_set_memory_range_shared'
  const end = addr + size
  cpu.hooks?.spanBegin?.(fn, loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  cpu.hooks?.spanEnd?.(fn, rsi)
  if (rsi !== 0) return rsi
  return changeMemory(cpu, addr, size, masksFor(cpu, 'valid'))
}

/** PROT_NS_SHARED (arch/arm64/kernel/rsi.c): the top bit of the Realm's addresses. */
function sharedBit(ipaBits: number): Words {
  const bit = ipaBits - 1
  return bit < 32 ? { lo: (1 << bit) >>> 0, hi: 0 } : { lo: 0, hi: (1 << (bit - 32)) >>> 0 }
}
