/** `explore --expect`: the numbers of an earlier search, as `explore --json` wrote them, against those of this one. */
import { exploreFields, type Explored, InputError, jsonNumber } from '@pagetrail/recorder'
import { readFileSync } from 'node:fs'

type Fields = Readonly<Record<string, unknown>>

/** What a search came to: numbers of schedules that break, by property, and `schedules`, `states`. */
type Numbers = ReadonlyMap<string, string>

export class ExpectedSearches {
  readonly #byLabel = new Map<string, Map<string, string>>()
  readonly #file: string

  /** @throws InputError for a file that is not the output of `explore --json` */
  constructor(file: string) {
    this.#file = file
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    for (const [i, line] of lines.entries()) this.#add(parsed(line, `${file}:${i + 1}`))
    if (this.#byLabel.size === 0) throw new InputError(`${file} holds no search of explore --json`)
  }

  #add(fields: Fields): void {
    const { type, label, property, failing, running, schedules } = fields
    if (typeof label !== 'string') return
    if (type === 'search' && running !== true) {
      this.#byLabel.set(label, new Map([['schedules', String(schedules)]]))
    } else if (type === 'finding' && typeof property === 'string') {
      this.#byLabel.get(label)?.set(property, String(failing))
    }
  }

  /** In what this search differs from the earlier one, a sentence each. @throws InputError if there was none */
  differences(explored: Explored): readonly string[] {
    const { label, result } = explored
    const expected: Numbers | undefined = this.#byLabel.get(label)
    if (expected === undefined) {
      const known = [...this.#byLabel.keys()].join(', ')
      throw new InputError(`${this.#file} holds no search of ${label}; it holds ${known}`)
    }
    const found = new Map([['schedules', String(exploreFields(explored)['schedules'])]])
    for (const { property, failing } of result.findings) {
      found.set(property.name, String(jsonNumber(failing)))
    }
    return [...new Set([...expected.keys(), ...found.keys()])].flatMap((name) => {
      const [before, now] = [expected.get(name) ?? '0', found.get(name) ?? '0']
      return before === now ? [] : [`${name}: ${now}, expected ${before}`]
    })
  }
}

function parsed(line: string, where: string): Fields {
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json === 'object' && json !== null) return { ...json }
  } catch (error) {
    throw new InputError(`${where} is not JSON: ${String(error)}`, { cause: error })
  }
  throw new InputError(`${where} is not a record of explore --json`)
}
