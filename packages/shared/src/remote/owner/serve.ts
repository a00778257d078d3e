import { MessageChannel } from 'node:worker_threads'
import { locksInMemory } from '../../adapter/dialect.js'
import { type AdapterParts, partsOf } from '../../adapter/served-parts.js'
import { invalidArgument, shown } from '../../arguments/invalid.js'
import { type ServedUser, ServedUsers } from '../../connection/served-users.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Statement } from '../../queue/statement.js'
import { channelOf, type Peer } from '../wire/peer.js'
import type { PortLike } from '../wire/port-channel.js'
import { Announcer } from './announcer.js'
import { CircuitWatches } from './circuit-watches.js'
import { ClientScheduler } from './client-scheduler.js'
import { LockManagers } from './lock-managers.js'
import { ServedChannel, type ServedChannelParts } from './served-channel.js'
import { StatementPool } from './statement-pool.js'

/** A `MessagePort`, as the types of the runtime declare it, that `connectRemote` also takes with the types of a browser. */
export type TransferablePort = InstanceType<typeof MessagePort> & PortLike

/** A server that gives other threads and processes access to the database of an adapter. Disposing closes it. */
export interface PersistenceServer extends AsyncDisposable {
  /**
   * Serves a thread or process, which connects with `connectRemote`, until it ends. Does nothing for one that has already ended.
   *
   * @param peer A `Worker`, a worker of `cluster`, a `ChildProcess` with IPC, or a `MessagePort`.
   * @throws PersistenceError `INVALID_ARGUMENT` for anything else, and for one that is already served; `CLOSED`.
   */
  attach(peer: Peer): void
  /** Returns a port that can be transferred to any thread, which connects through it. @throws PersistenceError `CLOSED`. */
  createPort(): TransferablePort
  /** Returns the threads and processes that are served now. `stats()` of the adapter has them too. */
  clients(): ServedUser[]
  /**
   * Answers the requests that have arrived, then ends all connections. Once 64 MiB of answers to a client are unread, the
   * rest of its requests is refused. The adapter stays open. The locks of a client are free as soon as it has read that the
   * server is closed, or has ended. May be repeated.
   */
  close(): Promise<void>
}

/**
 * Serves the database of an adapter to other threads and processes.
 *
 * @param adapter An SQLiteAdapter; not one of a single port.
 * @throws PersistenceError `INVALID_ARGUMENT` for anything else.
 *
 * @example
 * ```ts
 * await using server = serve(persistence)
 * const port = server.createPort() // new Worker(file, { workerData: { port }, transferList: [port] })
 * // In the thread:
 * await using remote = await connectRemote(port)
 * ```
 */
export function serve(adapter: object): PersistenceServer {
  const parts = partsOf(adapter)
  if (parts === undefined) {
    throw invalidArgument(
      'serve',
      `the first argument must be a whole adapter, not one of a single port, got ${shown(adapter)}`,
    )
  }
  if (parts.dialect.schemaVersion === undefined) {
    throw invalidArgument('serve', 'the database is a server; connect to it from each thread and process')
  }
  return new AdapterServer(parts)
}

class AdapterServer implements PersistenceServer {
  readonly #parts: ServedChannelParts
  readonly #channels = new Set<ServedChannel>()
  readonly #hideClients: () => void
  readonly #forgetEnd: () => void
  #closed: Promise<void> | undefined

  constructor(adapter: AdapterParts) {
    const { connection } = adapter.session
    const scheduler = connection.shared(ClientScheduler)
    const served = {
      connection,
      statements: new StatementPool(statementsOf(adapter)),
      locks: new LockManagers(connection, (session) => locksInMemory(session, adapter.dialect)),
      watches: new CircuitWatches(connection, adapter.dialect.circuits),
      announcer: new Announcer(connection),
    }
    this.#parts = { adapter, served, scheduler }
    this.#hideClients = connection.shared(ServedUsers).add(() => this.clients())
    this.#forgetEnd = scheduler.onEnd(() => void this.#endWithAdapter())
  }

  attach(peer: Peer): void {
    this.#refuseClosed('attach')
    this.#serve(peer, false)
  }

  createPort(): TransferablePort {
    this.#refuseClosed('createPort')
    const { port1, port2 } = new MessageChannel()
    this.#serve(port1, true)
    return port2
  }

  clients(): ServedUser[] {
    return [...this.#channels].flatMap(({ client }) =>
      client === undefined ? [] : [{ calls: client.calls, locks: client.locks, lag: client.lag }],
    )
  }

  close(): Promise<void> {
    return this.#close('the owner of the database has closed its server')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(peer: Peer, ownPort: boolean): void {
    const wanted = 'a Worker, a worker of cluster, a ChildProcess with IPC, or a MessagePort'
    const channel = channelOf(peer, 'attach', wanted)
    this.#channels.add(new ServedChannel(channel, this.#parts, (closed) => this.#remove(closed), ownPort))
  }

  #remove(channel: ServedChannel): void {
    this.#channels.delete(channel)
    this.#forgetIfDone()
  }

  /** The adapter may be served many times, so it keeps a closed server only while clients of that may hold locks. */
  #forgetIfDone(): void {
    if (this.#closed !== undefined && this.#channels.size === 0) this.#forgetEnd()
  }

  #close(reason: string): Promise<void> {
    this.#closed ??= this.#shutDown(reason)
    return this.#closed
  }

  async #shutDown(reason: string): Promise<void> {
    await Promise.all([...this.#channels].map((channel) => channel.shutDown(reason)))
    this.#parts.served.locks.end()
    this.#hideClients()
    this.#forgetIfDone()
  }

  /** The adapter is being disconnected, and all locks in its memory end with it. */
  async #endWithAdapter(): Promise<void> {
    await this.#close('the owner of the database has disconnected its adapter')
    for (const channel of this.#channels) channel.close()
  }

  #refuseClosed(operation: string): void {
    if (this.#closed === undefined) return
    throw new PersistenceError('CLOSED', operation, `${operation}: the server is closed; call serve again`)
  }
}

/** The statements of the stores of an adapter, which the calls of all clients share. */
export function* statementsOf({ dialect }: Pick<AdapterParts, 'dialect'>): Iterable<Statement> {
  const { locks, circuits, probes, results, claims, checkpoints } = dialect
  for (const group of [locks, circuits, probes, results, claims, checkpoints, dialect.cache(undefined).sql]) {
    for (const member of Object.values(group) as unknown[]) {
      if (typeof member === 'object' && member !== null && 'sql' in member) yield member as Statement
    }
  }
}
