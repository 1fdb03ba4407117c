import { captureScriptVerb } from './capture-script.ts'
import type { Verb } from './verb.ts'

/** Every verb there is, in the order of `pagetrail --help`. */
export const VERBS: readonly Verb[] = [captureScriptVerb]
