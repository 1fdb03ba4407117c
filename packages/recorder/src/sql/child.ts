import { enableCompileCache } from 'node:module'

/**
 * The program that run-query.ts starts. Most of what a short query takes is the loading of the recorder: it is loaded
 * only now, so that its types are stripped and its code is compiled once for all queries.
 */
enableCompileCache()
await import('./query-process.ts')
