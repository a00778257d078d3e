import { resolveOptions } from '../../../adapter/adapter-options.js'
import { Connection } from '../../../connection/connection.js'
import { hasCode } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { openError } from '../error-codes.js'
import { immutableUri } from '../file/immutable-file.js'
import { keepOpen } from '../file/kept-open.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import type { ThreadEngine } from './thread-engine.js'

export interface OwnConnectionOptions {
  readonly readOnly: boolean
  /** Whether nothing can change the file, as declared by the app. Default `false`. */
  readonly immutable?: boolean
  /** ms to wait for another writer. */
  readonly busyTimeout: number
}

/** A connection that one job uses exclusively. */
export interface OwnConnection {
  readonly handle: object
  readonly engine: string
  readonly queue: OperationQueue
  /** Device and inode of the file; `undefined` for `:memory:`. */
  readonly identity: string | undefined
  /** The version of the SQLite library. */
  readonly sqliteVersion: string
  close(): Promise<void>
}

/** Opens an existing file, or `:memory:`, on the engine of this thread. Does not change the schema. */
export async function openOwn(
  path: string,
  engine: ThreadEngine<object>,
  { readOnly, immutable = false, busyTimeout }: OwnConnectionOptions,
): Promise<OwnConnection> {
  const handle = await openHandle(immutable ? immutableUri(path) : path, engine, readOnly)
  const connection = Connection.of(handle, () => engine.driver(handle), sqliteDialect, {
    ...resolveOptions({ busyTimeout }),
    readOnly,
    immutable,
    exclusive: true,
  })
  try {
    await connection.open()
  } catch (error) {
    if (hasCode(error, 'SECOND_LIBRARY')) keepOpen(handle)
    // The caller needs the error of opening, not one of closing.
    else await connection.close().catch(() => undefined)
    throw error
  }
  const { queue, place } = connection
  return {
    handle,
    engine: connection.engine,
    queue,
    identity: place.identity,
    sqliteVersion: place.version,
    close: () => connection.close(),
  }
}

async function openHandle(path: string, engine: ThreadEngine<object>, readOnly: boolean): Promise<object> {
  try {
    return await engine.open(path, readOnly)
  } catch (error) {
    throw openError(error, path)
  }
}
