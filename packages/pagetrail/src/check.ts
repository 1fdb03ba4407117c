/** `pagetrail/check`: hazards of a run, as data, text, JSON Lines and SARIF. */
export { checkJson, checkLines, checkRun, checkSarif } from '@pagetrail/recorder'
export { isClean, RULES, rulesNamed, undecided } from '@pagetrail/recorder'
export type { CheckReport, Finding, Hazard, Rule, RuleVerdict, Severity } from '@pagetrail/recorder'
