import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { threadedEngine } from '@go-go-scope/persistence-conformance'
import { libraryOf, type StartWorker } from '@go-go-scope/persistence-core'
import { engines } from '../../scripts/engines.mjs'
import { cell, engine } from '../cells/cell.js'
import { SharedThread } from '../proof/thread/shared-thread.js'

/** The export `./thread` of the cell's front end. */
export const threadModule: URL = pathToFileURL(
  createRequire(import.meta.url).resolve(`@go-go-scope/${engines[cell.engine].package}/thread`),
)

const isBun = process.versions.bun !== undefined

/** Starts a real thread per job if there is no other way, and in a soak; see shared-thread.ts. */
const startWorker: StartWorker =
  isBun || process.env.SOAK !== undefined
    ? (options) => new Worker(threadModule, options)
    : new SharedThread(threadModule).start

const plain = await engine.openHandle(':memory:')
const library = isBun ? 'bun' : libraryOf(plain)
await engine.closeHandle(plain)

/** The cell's front end with every handle in another thread. */
export const threaded = threadedEngine(engine, { startWorker, library })
