import { expectTypeOf, test } from 'vitest'

import { type Data, THREADS } from '../../../packages/tui/src/data/data.ts'
import type { Status } from '../../../packages/tui/src/command/session.ts'
import type { Invoke, OptionsOf, Verb } from '../../../packages/tui/src/verbs/verb.ts'

type Command = Parameters<Verb['declare']>[0]

const declared = (command: Command) =>
  command
    .option('--at <seq>', 'after this event', Number)
    .option('--most <n>', 'at most', Number, 20)
    .option('--no-record', 'record nothing')
    .option('--list', 'list them')

test('options are of the types that they are declared with', () => {
  expectTypeOf<OptionsOf<typeof declared>>().toEqualTypeOf<{
    at?: number | undefined
    most: number
    record: boolean
    list?: true | undefined
  }>()
})

test('a verb is given a session and returns its exit status', () => {
  expectTypeOf<Parameters<Verb['declare']>[1]>().toEqualTypeOf<Invoke>()
  expectTypeOf<Status>().toExtend<number>()
  expectTypeOf<2.5>().not.toExtend<Status>()
})

test('only a question of the screen has a thread', () => {
  expectTypeOf<keyof typeof THREADS>().toEqualTypeOf<keyof Data>()
})
