import {
  buildMachine,
  type GeometryChoice,
  hexOf,
  InputError,
  parseScenario,
} from '@pagetrail/engine'
import { currentNames, isJsonObject, type JsonObject } from '../event/codec.ts'
import { isKind, type Json } from '../event/kinds.ts'
import type { Chunks } from '../import/bytes/chunks.ts'
import type { BuiltTree } from '../tree/build.ts'
import { caseText } from '../tree/case-text.ts'
import { TREE_GEOMETRIES, type TreeGeometry } from '../tree/geometries.ts'
import type { KernelTree } from '../tree/kernel-tree.ts'
import { flavourOfRelease } from '../tree/record-tree.ts'
import type { Workshop } from '../tree/workshop.ts'
import { caseLines, caseOf, type CaseVerdict, expectedOf, idOf, NOT_IN_CORPUS } from './cases.ts'
import { type CaseDivergence, ListComparison } from './compare-case.ts'

/** A verdict, or a case of another kernel or of a geometry that trees are not run with. */
export type TreeCaseVerdict = CaseVerdict | { readonly verdict: 'passed-over' }

export interface TreeCaseOptions {
  /** Whose cases the tree is compared with; default: the flavour of its release. */
  readonly flavour?: string | undefined
  /** Only these; default: all that trees are run with. */
  readonly geometries?: readonly TreeGeometry[] | undefined
}

/** Runs the cases of a stream that are of the tree's flavour on the tree's own code, and compares. */
export async function* conformOnTree(
  workshop: Workshop,
  tree: KernelTree,
  bytes: Chunks,
  name: string,
  options: TreeCaseOptions,
): AsyncGenerator<TreeCaseVerdict> {
  const flavour = options.flavour ?? flavourOfRelease(tree.release)
  if (flavour === null) {
    throw new InputError(
      `there are no cases of Linux ${tree.release}: say whose cases the tree is compared with (--flavour)`,
    )
  }
  for await (const { text, line } of caseLines(bytes, name)) {
    let id = ''
    try {
      const input = caseOf(text)
      id = idOf(input)
      const geometry = Reflect.get(input, 'flavour') === flavour ? geometryOf(input, options) : null
      if (geometry === null) yield { verdict: 'passed-over' }
      else {
        const built = await workshop.build(tree, geometry)
        const divergence = await compareCase(workshop, built, input)
        if (divergence !== null) yield { line, id, verdict: 'unequal', divergence }
        else yield { line, id, verdict: 'equal', events: expectedOf(input).events.length }
      }
    } catch (error) {
      if (!(error instanceof InputError || error instanceof SyntaxError)) throw error
      yield { line, id, verdict: 'cannot-run', reason: error.message }
    }
  }
}

function geometryOf(
  input: object,
  { geometries = TREE_GEOMETRIES }: TreeCaseOptions,
): TreeGeometry | null {
  const given = Reflect.get(input, 'geometry') as Partial<GeometryChoice> | undefined
  const of = ({ choice }: TreeGeometry) =>
    given?.page_shift === choice.page_shift && given?.va_bits === choice.va_bits
  return geometries.find(of) ?? null
}

async function compareCase(
  workshop: Workshop,
  built: BuiltTree,
  input: object,
): Promise<CaseDivergence | null> {
  const scenario = parseScenario(input)
  if (scenario.interleaved !== null) throw InputError.of('cpus', 'a case has one CPU')
  const expected = expectedOf(input)
  const events = new ListComparison('events', expected.events)
  const results = new ListComparison('results', expected.results)
  const final = new ListComparison('final', expected.final)
  let seq = 0
  let mapped = asItIs
  const harness = workshop.harness(built)
  const answer = await harness
    .run(caseText(scenario, buildMachine(scenario), true), {
      constants: ({ constants = null }) => {
        mapped = fixmapOf(input, constants, 2 ** built.geometry.choice.page_shift)
      },
      line: (text) => {
        const json = mapped(JSON.parse(text) as Json)
        if (!isJsonObject(json) || !isKind(json['kind'] ?? null)) return
        if (!NOT_IN_CORPUS.has(json['kind'] as never)) events.next(corpusForm(json, seq++))
      },
    })
    .catch((error: unknown) => {
      workshop.discard(built)
      throw error
    })
  if (answer.incomplete !== null) throw new InputError(answer.incomplete)
  for (const ret of answer.results) results.next(ret === 'unsupported' ? null : ret)
  for (const run of answer.final ?? []) final.next(mapped(run))
  return events.end() ?? results.end() ?? final.end()
}

/** An event as the corpus has it: without the place in the source. */
function corpusForm(event: JsonObject, seq: number): JsonObject {
  return currentNames(
    Object.fromEntries(Object.entries({ ...event, seq }).filter(([name]) => name !== 'src')),
  )
}

const asItIs = (json: Json): Json => json

/**
 * The fixmap's slot for the top table lies elsewhere in another configuration or release: its two addresses are
 * replaced by the case's.
 */
function fixmapOf(input: object, constants: Json, pageSize: number): (json: Json) => Json {
  const given = Reflect.get(input, 'constants') as JsonObject | undefined
  const [wanted, is] = [
    given?.['FIX_PGD_VA'],
    isJsonObject(constants) ? constants['FIX_PGD_VA'] : undefined,
  ]
  if (typeof wanted !== 'string' || typeof is !== 'string' || wanted === is) return asItIs
  const after = (va: string) => hexOf(BigInt(va) + BigInt(pageSize))
  const names = new Map([
    [is, wanted],
    [after(is), after(wanted)],
  ])
  const map = (json: Json): Json => {
    if (!isJsonObject(json)) return json
    return Object.fromEntries(
      Object.entries(json).map(([name, value]) => [
        name,
        (typeof value === 'string' && names.get(value)) || value,
      ]),
    )
  }
  return map
}
