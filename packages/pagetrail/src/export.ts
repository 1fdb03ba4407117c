/** `pagetrail/export`: runs become files. */
export {
  chromeChunks,
  csvChunks,
  exportParquet,
  exportSummary,
  jsonlChunks,
  lakeQuery,
} from '@pagetrail/recorder'
export { writeFileAtomic } from '@pagetrail/recorder'
export type { ParquetOptions, ParquetReport } from '@pagetrail/recorder'
