import type { Kind } from '../event/kinds.ts'
import { type Definition, definitionsOf, type Parameter } from './c-text.ts'
import {
  ALWAYS_SHOWN,
  COMPILED,
  COUNTED_LAZY,
  FLAGGED_LAZY,
  HEADERS,
  REPLACES,
  TLBI_MACROS,
  type Wrap,
  WRAPS,
} from './edits.ts'

/** Files of a tree by their path in it; null: the tree has none. */
export type ReadFile = (path: string) => string | null

export interface Overlay {
  /** Edited copies by their path in the tree. */
  readonly files: ReadonlyMap<string, string>
  /** `tree.h`: what the tree has, for the harness's own C. */
  readonly treeHeader: string
  /** Kinds of events that runs on this tree show. */
  readonly shows: readonly Kind[]
  /** Edits that found nothing though every known tree has such a thing: their kinds are not shown. */
  readonly missed: readonly string[]
}

/** Copies of a tree's files in which everything observable leads to the harness. Pure: `read` reads them. */
export function overlayOf(read: ReadFile): Overlay {
  const files = new Map<string, string>()
  for (const path of [...HEADERS, ...COMPILED]) {
    const text = read(path)
    if (text !== null) files.set(path, text)
  }
  const original = new Map(files)
  const shown = new Set<Kind>(ALWAYS_SHOWN)
  const hidden = new Set<Kind>()
  const missed: string[] = []
  const account = (found: boolean, what: string, shows: readonly Kind[], optional: boolean) => {
    for (const kind of found || optional ? shows : []) shown.add(kind)
    if (found || optional) return
    missed.push(what)
    for (const kind of shows) hidden.add(kind)
  }
  const isCounted = definitionsOf(files.get(HEADERS[1]) ?? '', 'lazy_mmu_mode_enable').length > 0
  for (const wrap of [...WRAPS, ...(isCounted ? COUNTED_LAZY : FLAGGED_LAZY)]) {
    const found = edit(files, wrap.file, (text) => wrapped(text, wrap))
    account(found, `${wrap.fn}() in ${wrap.file}`, wrap.shows, wrap.optional === true)
  }
  for (const { file, find, by, shows } of REPLACES) {
    const found = edit(files, file, (text) => text.replaceAll(find, by))
    account(found, `${find.source} in ${file}`, shows, false)
  }
  for (const name of TLBI_MACROS.names) {
    const found = edit(files, TLBI_MACROS.file, (text) => tlbiReported(text, name))
    account(found, `${name} in ${TLBI_MACROS.file}`, ['tlbi'], false)
  }
  const treeHeader = treeFacts(read, original)
  return {
    files: new Map([...files].map(([path, text]) => [path, finished(path, text)])),
    treeHeader,
    shows: [...shown].filter((kind) => !hidden.has(kind)),
    missed,
  }
}

/** Replaces a file by what `change` makes of it; false: nothing changed, or there is no such file. */
function edit(files: Map<string, string>, path: string, change: (text: string) => string): boolean {
  const text = files.get(path)
  if (text === undefined) return false
  const changed = change(text)
  files.set(path, changed)
  return changed !== text
}

function wrapped(text: string, wrap: Wrap): string {
  let result = text
  // From the end, so that offsets before it stay.
  for (const definition of definitionsOf(text, wrap.fn).toReversed()) {
    const { start, nameAt, end, head } = definition
    const real = `__real_${wrap.fn}`
    result =
      `${result.slice(0, start)}${head}; ${result.slice(start, nameAt)}${real}` +
      `${result.slice(nameAt + wrap.fn.length, end)} ${wrapper(definition, wrap, real)}${result.slice(end)}`
  }
  return result
}

/** On one line: the lines of the tree keep their numbers. */
function wrapper(definition: Definition, wrap: Wrap, real: string): string {
  const { head, returnType, parameters } = definition
  const c = (text: string) => filledIn(text, parameters)
  const call = wrap.instead ?? `${real}(${parameters.map(({ name }) => name).join(', ')})`
  const body =
    returnType === 'void'
      ? `${c(wrap.before)} ${c(call)}; ${c(wrap.after)}`
      : `${c(wrap.before)} ${returnType} ret__ = ${c(call)}; ${c(wrap.after)} return ret__;`
  const unused = wrap.instead === undefined ? '' : `(void)${real}; `
  return `${head} { ${unused}${body} }`
}

function filledIn(text: string, parameters: readonly Parameter[]): string {
  const longs = parameters.filter(({ type }) => type === 'unsigned long')
  const entry = parameters.find(({ type }) => /^p(gd|4d|ud|md|te)_t \*/.test(type))
  return text
    .replaceAll('$1', longs[0]?.name ?? '0')
    .replaceAll('$2', longs[1]?.name ?? '0')
    .replaceAll('$ptr', entry?.name ?? '0')
    .replaceAll('$ret', 'ret__')
}

function tlbiReported(text: string, name: string): string {
  const define = new RegExp(`#define ${name}\\((\\w+), (\\w+)\\)((?:[^\\n]*\\\\\\n)*[^\\n]*\\n)`)
  return text.replace(define, (whole, op: string, arg: string) => {
    const lines = whole.split('\n').length - 1
    const hasOperand = name.endsWith('1') ? 1 : 0
    const value = hasOperand ? `(unsigned long)(${arg})` : '0'
    const call = `harness_tlbi(#${op}, ${hasOperand}, ${value}, __FILE__, __LINE__)`
    return `#define ${name}(${op}, ${arg}) ${call}${'\n'.repeat(lines)}`
  })
}

const TAILS: Readonly<Record<string, string>> = {
  'arch/arm64/mm/mmu.c': 'mmu_tail.h',
  'arch/arm64/mm/pageattr.c': 'pageattr_tail.h',
}

/** With the tree's own name and lines, and what is included at the end. */
function finished(path: string, text: string): string {
  const body = path === 'arch/arm64/mm/mmu.c' ? afterIncludes(path, text) : text
  const tail = TAILS[path]
  return `#line 1 "${path}"\n${body}${tail === undefined ? '' : `\n#include "${tail}"\n`}`
}

/** 2- and 3-level kernels store the top table through the fixmap: here they get a pointer that exists. */
function afterIncludes(path: string, text: string): string {
  const last = [...text.matchAll(/^#include <[^\n]*\n/gm)].at(-1)
  if (last === undefined) return text
  const at = last.index + last[0].length
  const line = text.slice(0, at).split('\n').length
  return `${text.slice(0, at)}#include "fixmap_pointer.h"\n#line ${line} "${path}"\n${text.slice(at)}`
}

const has = (text: string | undefined | null, pattern: RegExp): boolean => pattern.test(text ?? '')

const defined = (text: string, fn: string): boolean => definitionsOf(text, fn).length > 0

/** What the harness's own C has to know of the tree: prototypes, by name. */
function treeFacts(read: ReadFile, files: ReadonlyMap<string, string>): string {
  const mmu = files.get('arch/arm64/mm/mmu.c') ?? ''
  const pageattr = files.get('arch/arm64/mm/pageattr.c') ?? ''
  const features = read('arch/arm64/include/asm/cpufeature.h')
  const facts: [string, boolean | string][] = [
    [
      'HAS_NUM_ONLINE_CPUS_VARIABLE',
      has(read('include/linux/cpumask.h'), /atomic_t __num_online_cpus/),
    ],
    ['HAS_KFENCE_EARLY_INIT', has(read('arch/arm64/include/asm/kfence.h'), /kfence_early_init/)],
    ['HAS_CPU_SUPPORTS_BBML3', has(features, /\bbool cpu_supports_bbml3\(void\);/)],
    ['HAS_CPU_SUPPORTS_BBML2_NOABORT', has(features, /\bbool cpu_supports_bbml2_noabort\(void\);/)],
    ['HAS_RSI_PRESENT', has(read('arch/arm64/include/asm/rsi.h'), /\brsi_present\b/)],
    ['HAS_SET_DIRECT_MAP_VALID_NOFLUSH', defined(pageattr, 'set_direct_map_valid_noflush')],
    ['HAS_COUNTED_LAZY_MMU', defined(files.get(HEADERS[1]) ?? '', 'lazy_mmu_mode_enable')],
    ['HAS_LAZY_MMU', defined(files.get(HEADERS[0]) ?? '', 'arch_enter_lazy_mmu_mode')],
    ['HAS_PAGEATTR_OPS', has(pageattr, /\bstruct mm_walk_ops pageattr_ops\b/)],
    ['HAS_CHANGE_PAGE_RANGE', defined(pageattr, 'change_page_range')],
    ['HAS_RODATA_IS_RW', has(mmu, /\bbool rodata_is_rw\b/)],
    ['HAS_SPLIT_KERNEL_LEAF_MAPPING', defined(mmu, 'split_kernel_leaf_mapping')],
    ['HAS_RANGE_SPLIT_TO_PTES', defined(mmu, 'range_split_to_ptes')],
    ['RANGE_SPLIT_TO_PTES', callOf(mmu, 'range_split_to_ptes')],
    [
      'LINEAR_MAP_RULE',
      /\blinear_map_requires_\w+ = [^;]+;/.exec(mmu)?.[0].replaceAll(/\s+/g, ' ') ?? false,
    ],
    ...[
      'kernel_page_table_range',
      'kernel_page_table_range_lockless',
      'page_range_novma',
      'page_range_debug',
    ]
      .map((name) => `walk_${name}`)
      .map((fn): [string, string | false] => [
        `ARGS_${fn}`,
        walkArguments(files.get('mm/pagewalk.c') ?? '', fn),
      ]),
  ]
  return facts
    .flatMap(([name, value]) =>
      value === false ? [] : [`#define TREE_${name} ${value === true ? 1 : value}`],
    )
    .join('\n')
    .concat('\n')
}

/** A call with `start`, `end` and an allocation that may sleep, as arch_kfence_init_pool() makes it. */
function callOf(text: string, fn: string): string | false {
  const [definition] = definitionsOf(text, fn)
  if (definition === undefined) return false
  const given = definition.parameters.map(({ type, name }) =>
    type === 'gfp_t' ? 'GFP_KERNEL' : name,
  )
  return `${fn}(${given.join(', ')})`
}

const WALK_ARGUMENTS: Readonly<Record<string, string>> = {
  mm: 'a.mm',
  start: 'a.start',
  addr: 'a.start',
  end: 'a.end',
  ops: 'a.ops',
  pgd: 'a.pgd',
  private: 'a.private',
}

function walkArguments(text: string, fn: string): string | false {
  const [definition] = definitionsOf(text, fn)
  if (definition === undefined) return false
  return definition.parameters.map(({ name }) => WALK_ARGUMENTS[name] ?? '0').join(', ')
}
