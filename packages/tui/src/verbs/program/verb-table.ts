import { captureScriptVerb } from '../capture-script.ts'
import { checkVerb } from '../check.ts'
import { conformVerb } from '../conform.ts'
import { diffVerb } from '../diff.ts'
import { exploreVerb } from '../explore.ts'
import { exportVerb } from '../export.ts'
import { importVerb } from '../import.ts'
import { infoVerb } from '../info.ts'
import { patchVerb } from '../patch.ts'
import { recordVerb } from '../record.ts'
import { renameVerb } from '../rename.ts'
import { replayVerb } from '../replay.ts'
import { reportVerb } from '../report.ts'
import { rmVerb } from '../rm.ts'
import { runsVerb } from '../runs.ts'
import { scenariosVerb } from '../scenarios.ts'
import { showVerb } from '../show.ts'
import { sqlVerb } from '../sql.ts'
import { stateVerb } from '../state.ts'
import { treeVerb } from '../tree.ts'
import { tuiVerb } from '../tui.ts'
import { verifyVerb } from '../verify.ts'
import { whyVerb } from '../why.ts'
import type { Verb } from '../verb.ts'

/** Every verb there is, in the order of `pagetrail --help`. */
export const VERBS: readonly Verb[] = [
  recordVerb,
  scenariosVerb,
  treeVerb,
  importVerb,
  captureScriptVerb,
  tuiVerb,
  runsVerb,
  infoVerb,
  replayVerb,
  showVerb,
  stateVerb,
  whyVerb,
  sqlVerb,
  diffVerb,
  reportVerb,
  checkVerb,
  exploreVerb,
  conformVerb,
  patchVerb,
  renameVerb,
  rmVerb,
  exportVerb,
  verifyVerb,
]
