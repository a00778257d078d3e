import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { perSecond } from './rate.mjs'

const SCRIPT = new URL('user.mjs', import.meta.url)

/** A thread or process that runs user.mjs. */
class User {
  /** @param {Worker | import('node:child_process').ChildProcess} peer */
  constructor(peer) {
    this.peer = peer
    peer.on('error', (error) => {
      throw error
    })
  }

  async ready() {
    await this.#said('ready')
    return this
  }

  async tell(order) {
    const ran = this.#said('ran')
    if (this.peer instanceof Worker) this.peer.postMessage(order)
    else this.peer.send(order)
    return ran
  }

  #said(name) {
    return new Promise((resolve) => {
      const hear = (message) => {
        if (!Object.hasOwn(message, name)) return
        this.peer.off('message', hear)
        resolve(message[name])
      }
      this.peer.on('message', hear)
    })
  }
}

/**
 * @param {number} count
 * @param {object} given see user.mjs
 * @param {import('@go-go-scope/persistence-sqlite-node/remote').PersistenceServer} [server] the server that they use
 */
export function threads(count, given, server) {
  return all(count, (number) => {
    const port = server?.createPort()
    return new User(new Worker(SCRIPT, { workerData: { ...given, number, port }, transferList: port ? [port] : [] }))
  })
}

export function children(count, given, server) {
  return all(count, (number) => {
    const child = fork(fileURLToPath(SCRIPT), [JSON.stringify({ ...given, number })])
    server?.attach(child)
    return new User(child)
  })
}

/** Workers of `cluster` that send named queries. @param {(queries: object[]) => Promise<object[]>} answer */
export function workersOfCluster(count, answer) {
  return all(count, (number) => {
    cluster.setupPrimary({ exec: fileURLToPath(SCRIPT), args: [JSON.stringify({ kind: 'pattern', number })] })
    const worker = cluster.fork()
    worker.on('message', async ({ id, queries }) => {
      if (id !== undefined) worker.send({ id, rows: await answer(queries) })
    })
    return new User(worker)
  })
}

/** Makes all of them run calls at the same time. @returns for each the number of calls, and the ms they took */
export function runTogether(users, how) {
  return Promise.all(users.map((user) => user.tell({ order: 'run', ...how })))
}

/** Returns their combined rate. */
export async function rateTogether(users, call, inFlight, duration) {
  return perSecond(await runTogether(users, { call, inFlight, duration }))
}

function all(count, start) {
  return Promise.all(Array.from({ length: count }, (_, number) => start(number).ready()))
}
