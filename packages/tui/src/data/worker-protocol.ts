import type { Data } from './data.ts'

/** Methods of {@link Data}: what is asked of the worker by name. */
export type Method = Exclude<keyof Data, 'close' | 'cancel' | 'sql' | 'command'>

export type Request = {
  readonly type: 'call'
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

export type Reply =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | {
      readonly type: 'failed'
      readonly id: number
      /** Bad input, as against a fault of the program: see InputError. */
      readonly input: boolean
      readonly message: string
      readonly stack: string
    }
