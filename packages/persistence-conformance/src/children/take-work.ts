import { takeOrders } from '../process/take-orders.js'
import { claimUnstorable } from './claim-unstorable.js'
import { connect } from './connect.js'
import { engineArgument } from './engine-argument.js'
import { useLocks } from './use-locks.js'
import type { Work } from './work.js'
import { writePairs } from './write-pairs.js'

const WORKS: Readonly<Record<string, Work>> = {
  'claim-unstorable': claimUnstorable,
  connect,
  'use-locks': useLocks,
  'write-pairs': writePairs,
}
const engine = await engineArgument()
const begun = new Map<string, ReturnType<Work>>()

/** Returns the work of that name, which lives until the order `leave`. */
function workOf(name: string): ReturnType<Work> {
  const work = begun.get(name) ?? WORKS[name]?.(engine)
  if (work === undefined) throw new Error(`no work is called ${name}`)
  begun.set(name, work)
  return work
}

// Orders: the name of a work and its own words; `leave`, after which this process has no file open.
await takeOrders(async ([name = '', ...words]) => {
  if (name !== 'leave') return workOf(name).order(words)
  for (const work of begun.values()) await work.leave?.()
  begun.clear()
  return undefined
})
