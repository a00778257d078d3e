import type { ManualClock } from '@go-go-scope/persistence-conformance'
import {
  connectRemote,
  type PersistenceServer,
  type SQLiteAdapter,
  serve,
  type TransferablePort,
} from '@go-go-scope/persistence-core/remote'
import { engine } from '../../cells/cell.js'

/** An adapter of the owner or of a client. */
export type AnyAdapter = Pick<
  SQLiteAdapter,
  'cache' | 'idempotency' | 'circuitBreaker' | 'lock' | 'connect' | 'disconnect' | 'acquire'
>

/** What the checks of histories use: the packages as they are, or with a planted bug. */
export interface ServedWorld {
  /** @param path a file, or `:memory:` */
  open(path: string, clock?: ManualClock): Promise<AnyAdapter>
  serve(adapter: AnyAdapter): PersistenceServer
  connect(port: TransferablePort, clock?: ManualClock): Promise<AnyAdapter>
}

export const worldOfCell: ServedWorld = {
  open: (path, clock) => engine.SQLiteAdapter.open(path, { ...(clock && { clock }) }),
  serve,
  connect: (port, clock) => connectRemote(port, { ...(clock && { clock }) }),
}
