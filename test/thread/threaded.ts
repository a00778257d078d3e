import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { threadedEngine } from '@go-go-scope/persistence-conformance'
import { libraryOf } from '@go-go-scope/persistence-core'
import { engines } from '../../scripts/engines.mjs'
import { cell, engine } from '../cells/cell.js'

/** The export `./thread` of the cell's front end. */
export const threadModule: URL = pathToFileURL(
  createRequire(import.meta.url).resolve(`@go-go-scope/${engines[cell.engine].package}/thread`),
)

const plain = await engine.openHandle(':memory:')
const library = process.versions.bun === undefined ? libraryOf(plain) : 'bun'
await engine.closeHandle(plain)

/** The cell's front end with every handle in a thread of its own. */
export const threaded = threadedEngine(engine, {
  startWorker: (options) => new Worker(threadModule, options),
  library,
})
