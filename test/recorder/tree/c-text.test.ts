import { describe, expect, test } from 'vitest'
import { closing, definitionsOf } from '../../../packages/recorder/src/tree/c-text.ts'

/** The one definition of a function. */
const only = (text: string, name: string) => {
  const found = definitionsOf(text, name)
  expect(found).toHaveLength(1)
  return found[0]!
}

describe('definitionsOf()', () => {
  test('a definition, not its prototype nor its calls', () => {
    const text =
      'int f(int a);\nint g(void)\n{\n\tif (f(1)) {\n\t}\n\treturn f(2);\n}\nint f(int a)\n{\n\treturn a;\n}\n'
    const { start, end, head } = only(text, 'f')
    expect(text.slice(start, end)).toBe('int f(int a)\n{\n\treturn a;\n}')
    expect(head).toBe('int f(int a)')
  })

  test('a head on several lines; storage classes are no part of the type', () => {
    const text =
      '/* said */\nstatic __always_inline unsigned long\nf(unsigned long start,\n  struct x *p)\n{\n}\n'
    const { start, returnType, parameters } = only(text, 'f')
    expect(text.slice(start)).toMatch(/^static/)
    expect(returnType).toBe('unsigned long')
    expect(parameters).toEqual([
      { type: 'unsigned long', name: 'start' },
      { type: 'struct x *', name: 'p' },
    ])
  })

  test('parameters: none, pointers to functions, arrays, a name that its type has too', () => {
    const names = (list: string) =>
      only(`void f(${list})\n{\n}\n`, 'f').parameters.map((p) => p.name)
    expect(names('void')).toEqual([])
    expect(names('int (*fn)(int a, int b), u8 key[16]')).toEqual(['fn', 'key'])
    expect(only('void f(pmd_t pmd)\n{\n}\n', 'f').parameters).toEqual([
      { type: 'pmd_t', name: 'pmd' },
    ])
  })

  test('both branches of an #ifdef', () => {
    const text =
      '#ifdef A\nint f(void)\n{\n\treturn 1;\n}\n#else\nint f(void)\n{\n\treturn 0;\n}\n#endif\n'
    expect(definitionsOf(text, 'f')).toHaveLength(2)
  })

  test('a name inside of another, in a comment, or of a macro is none', () => {
    expect(definitionsOf('int my_f(void)\n{\n}\n/* f(x)\n{ */\n#define f(x) { }\n', 'f')).toEqual(
      [],
    )
  })
})

test('closing() passes over comments and literals', () => {
  const text = `{ "}" '}' /* } */ // }\n { } }`
  expect(closing(text, 0, '{', '}')).toBe(text.length - 1)
  expect(closing('{ {', 0, '{', '}')).toBe(-1)
})
