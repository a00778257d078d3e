import { AsyncResource } from 'node:async_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread with one or two connections to one owner. When it gets a message, it loads each key on the first connection, and each load
// requests another key on the last connection, as does a caller outside of loads at the same time. Posts the outcome of each load,
// then that of each such caller. With `instead`, a load whose request fails returns that.
const { ports, loads, instead } = workerData
const connections = await Promise.all(ports.map((/** @type {any} */ port) => connectRemote(port)))
const begin = new Promise((resolve) => parentPort?.once('message', resolve))
let left = loads.length
const outside = AsyncResource.bind((/** @type {() => Promise<unknown>} */ call) => call())
/** @type {Promise<unknown>[]} */
const callers = []
const codeOf = (/** @type {any} */ error) => error.code
const got = loads.map((/** @type {[string, string]} */ [key, other]) => {
  const load = async () => {
    if (--left === 0) parentPort?.postMessage('loading')
    await begin
    const asked = connections.at(-1).cache.getOrSet(other, () => 'not this')
    callers.push(outside(() => connections.at(-1).cache.getOrSet(other, () => 'nor this')).catch(codeOf))
    return instead === undefined ? asked : asked.catch(() => instead)
  }
  return connections[0].cache.getOrSet(key, load).catch(codeOf)
})
parentPort?.postMessage(await Promise.all(got))
parentPort?.postMessage(await Promise.all(callers))
await Promise.all(connections.map((/** @type {any} */ connection) => connection.disconnect()))
