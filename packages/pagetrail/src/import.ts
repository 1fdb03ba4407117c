/** `pagetrail/import`: traces of real kernels and JSON Lines become runs; the script that captures them. */
export { importFile, importStream, importInput, JsonlParser } from '@pagetrail/recorder'
export { captureFor, captureKernel, TRACED_FLAVOURS } from '@pagetrail/recorder'
export type { ImportOptions, ImportProgress, ImportReport } from '@pagetrail/recorder'
export type {
  Imported,
  ImportInput,
  InputFormat,
  JsonlReport,
  JsonlSink,
} from '@pagetrail/recorder'
export type { Capture, CaptureKernel, CaptureOptions, TracedFlavour } from '@pagetrail/recorder'
