import {
  FLAVOUR_NAMES,
  GEOMETRIES,
  GEOMETRY_NAMES,
  type GeometryChoice,
  geometryName,
} from '@pagetrail/engine'
import { didYouMean, fitScenario, InputError } from '@pagetrail/recorder'
import type { NamedScenario } from './scenario-file.ts'

/** Before and after the change of walker. */
const DEFAULT_FLAVOURS = ['6.17', '6.18']

/** One scenario on one flavour and geometry. */
export interface Job {
  readonly scenario: NamedScenario
  readonly flavour: string | undefined
  readonly geometry: GeometryChoice | undefined
}

/** What of it is said on the command line. */
interface Chosen {
  readonly flavour?: string[] | undefined
  readonly geometry?: string[] | undefined
}

export function jobsOf(
  scenarios: readonly NamedScenario[],
  { flavour, geometry }: Chosen,
  base: string | undefined,
): Job[] {
  const chosen = flavour ?? (base === undefined ? undefined : [base])
  const flavours = chosen?.map((name) => known(name, FLAVOUR_NAMES, 'flavour'))
  const geometries = geometry?.map((name) => {
    const index = GEOMETRY_NAMES.indexOf(known(name, GEOMETRY_NAMES, 'geometry'))
    return GEOMETRIES[index]
  })
  return scenarios.flatMap((scenario) =>
    (flavours ?? (scenario.hasFlavour ? [undefined] : DEFAULT_FLAVOURS)).flatMap((flavour) =>
      (geometries ?? [scenario.geometry]).map((geometry) => ({
        scenario: fitted(scenario, geometry),
        flavour,
        geometry,
      })),
    ),
  )
}

/** A built-in scenario is moved to the geometry; one of a file is its author's. @throws InputError saying why not */
function fitted(scenario: NamedScenario, geometry: GeometryChoice | undefined): NamedScenario {
  if (geometry === undefined || scenario.geometry === undefined) return scenario
  const { json, unfit } = fitScenario(
    { json: scenario.json, geometry: scenario.geometry },
    geometry,
  )
  if (unfit === null) return { ...scenario, json }
  const name = geometryName(geometry.page_shift, geometry.va_bits)
  throw new InputError(
    `${scenario.name} does not fit ${name}: ${unfit}; \`pagetrail scenarios ${scenario.name}\` prints it, to be changed`,
  )
}

function known(name: string, names: readonly string[], what: string): string {
  if (names.includes(name)) return name
  const near = didYouMean(name, names)
  throw new InputError(`there is no ${what} ${name}${near || `; it is one of ${names.join(', ')}`}`)
}
