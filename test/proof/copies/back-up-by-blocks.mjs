// back-up-by-blocks.mjs <engine> <URL of the engine's thread> <database> <target>: makes a backup in the way for large files.
import { Worker } from 'node:worker_threads'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [thread = '', database = '', target = ''] = processArguments
const adapter = await engine.SQLiteAdapter.open(database)

/** @param {{ workerData: { goGoScope: { input: { largeBytes?: number } } } }} options */
const worker = (options) => {
  const { input } = options.workerData.goGoScope
  if (input.largeBytes !== undefined) input.largeBytes = 0
  return new Worker(new URL(thread), options)
}
await adapter.backup(target, /** @type {never} */ ({ worker }))
