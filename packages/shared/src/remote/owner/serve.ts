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
import { LockManagers } from './lock-managers.js'
import { Reception, type ReceptionParts } from './reception.js'
import { ServedTurns } from './served-turns.js'
import { StatementPool } from './statement-pool.js'

/** A `MessagePort`, as the types of the runtime have it; with those of a browser besides, it has what `connectRemote` asks for. */
export type TransferablePort = InstanceType<typeof MessagePort> & PortLike

/** A server that gives other threads and processes access to the database of an adapter. Disposing closes it. */
export interface PersistenceServer extends AsyncDisposable {
  /**
   * Serves a thread or process, which connects by `connectRemote`, until it ends. One that has ended already is left at once.
   *
   * @param peer A `Worker`, a worker of `cluster`, a `ChildProcess` with IPC, or a `MessagePort`.
   * @throws PersistenceError `INVALID_ARGUMENT` for anything else, and for one that is served already; `CLOSED`.
   */
  attach(peer: Peer): void
  /** Makes a port that any thread can connect through, and that can be transferred on. @throws PersistenceError `CLOSED`. */
  createPort(): TransferablePort
  /** The threads and processes that are served now; `stats()` of the adapter has them too. */
  clients(): ServedUser[]
  /**
   * Answers the requests that have arrived, and ends all connections. The adapter stays open. What a user holds of its locks
   * is free as soon as it has learned of this, or has ended. May be repeated.
   */
  close(): Promise<void>
}

/**
 * Serves the database of an adapter to other threads and processes.
 *
 * @param adapter An SQLiteAdapter; not one of a single port.
 * @throws PersistenceError `INVALID_ARGUMENT` for anything else.
 */
export function serve(adapter: object): PersistenceServer {
  const parts = partsOf(adapter)
  if (parts === undefined) {
    throw invalidArgument('serve', `the first argument must be an adapter of all ports, got ${shown(adapter)}`)
  }
  if (parts.dialect.schemaVersion === undefined) {
    throw invalidArgument('serve', 'the database is a server by itself; connect to it from each thread and process')
  }
  return new AdapterServer(parts)
}

class AdapterServer implements PersistenceServer {
  readonly #parts: ReceptionParts
  readonly #receptions = new Set<Reception>()
  readonly #hide: () => void
  readonly #leaveTurns: () => void
  #closed: Promise<void> | undefined

  constructor(adapter: AdapterParts) {
    const { connection } = adapter.session
    const turns = connection.shared(ServedTurns)
    const served = {
      connection,
      statements: new StatementPool(statementsOf(adapter)),
      locks: new LockManagers(connection, (session) => locksInMemory(session, adapter.dialect)),
      watches: new CircuitWatches(connection, adapter.dialect.circuits),
      announcer: new Announcer(connection),
    }
    this.#parts = { adapter, served, turns }
    this.#hide = connection.shared(ServedUsers).add(() => this.clients())
    this.#leaveTurns = turns.atEnd(() => void this.#leaveAll())
  }

  attach(peer: Peer): void {
    this.#refuseClosed('attach')
    this.#receive(peer)
  }

  createPort(): TransferablePort {
    this.#refuseClosed('createPort')
    const { port1, port2 } = new MessageChannel()
    this.#receive(port1)
    return port2
  }

  clients(): ServedUser[] {
    return [...this.#receptions].flatMap(({ client }) =>
      client === undefined ? [] : [{ calls: client.calls, locks: client.locks, lag: client.lag }],
    )
  }

  close(): Promise<void> {
    return this.#close('the owner of the database has closed its server')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #receive(peer: Peer): void {
    const wanted = 'a Worker, a worker of cluster, a ChildProcess with an IPC channel or a MessagePort'
    const channel = channelOf(peer, 'attach', wanted)
    this.#receptions.add(new Reception(channel, this.#parts, (over) => this.#over(over)))
  }

  #over(reception: Reception): void {
    this.#receptions.delete(reception)
    this.#endIfLeft()
  }

  /** The adapter may be served again and again. A closed server has a part in its end only while users may hold locks. */
  #endIfLeft(): void {
    if (this.#closed !== undefined && this.#receptions.size === 0) this.#leaveTurns()
  }

  #close(reason: string): Promise<void> {
    this.#closed ??= this.#endAll(reason)
    return this.#closed
  }

  async #endAll(reason: string): Promise<void> {
    await Promise.all([...this.#receptions].map((reception) => reception.close(reason)))
    this.#parts.served.locks.end()
    this.#hide()
    this.#endIfLeft()
  }

  /** The adapter is disconnected, and all locks end with it. */
  async #leaveAll(): Promise<void> {
    await this.#close('the owner of the database has disconnected its adapter')
    for (const reception of this.#receptions) reception.end()
  }

  #refuseClosed(operation: string): void {
    if (this.#closed === undefined) return
    throw new PersistenceError('CLOSED', operation, `${operation}: the server is closed; call serve again`)
  }
}

/** The statements of the stores of an adapter, whose calls users share. */
export function* statementsOf({ dialect }: Pick<AdapterParts, 'dialect'>): Iterable<Statement> {
  const { locks, circuits, probes, results, claims, checkpoints } = dialect
  for (const group of [locks, circuits, probes, results, claims, checkpoints, dialect.cache(undefined).sql]) {
    for (const member of Object.values(group) as unknown[]) {
      if (typeof member === 'object' && member !== null && 'sql' in member) yield member as Statement
    }
  }
}
