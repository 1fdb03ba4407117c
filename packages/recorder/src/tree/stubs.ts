import { runTool } from './tools.ts'

/**
 * C for symbols that the tree's code names and nobody defines. What is only ever called becomes a function that ends
 * the call with a note; anything else may be data, which code writes to, so it becomes room for it.
 */
export async function stubsFor(
  missing: readonly string[],
  objects: readonly string[],
  readelf: string,
): Promise<{ text: string; functions: readonly string[] }> {
  const { stdout } = await runTool(readelf, ['-rW', ...objects])
  const asData = new Set<string>()
  for (const [, type = '', symbol = ''] of stdout.matchAll(
    /^\S+ +\S+ +(R_AARCH64_\w+) +\S+ (\S+)/gm,
  )) {
    if (!/CALL26|JUMP26/.test(type)) asData.add(symbol)
  }
  const functions = missing.filter((name) => !asData.has(name))
  const data = missing.filter((name) => asData.has(name))
  const text = [
    'void harness_missing(const char *) __attribute__((noreturn));',
    ...functions.map((name) => `void ${name}(void) { harness_missing("${name}"); }`),
    ...data.map((name) => `char ${name}[4096] __attribute__((aligned(64)));`),
  ]
  return { text: `${text.join('\n')}\n`, functions }
}
