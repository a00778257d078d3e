import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, SQLiteAdapter } from '@go-go-scope/persistence-sqlite'

/** Two connections to one file, as two processes have them. */
export interface TwoConnections extends AsyncDisposable {
  readonly one: SQLiteAdapter
  readonly two: SQLiteAdapter
}

/** @param clock Of both; absent: that of the system. */
export async function twoConnections(clock?: Clock): Promise<TwoConnections> {
  const folder = await mkdtemp(join(tmpdir(), 'host-'))
  const path = join(folder, 'app.db')
  const options = clock && { clock }
  const [one, two] = [await SQLiteAdapter.open(path, options), await SQLiteAdapter.open(path, options)]
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      await one.disconnect()
      await two.disconnect()
      await rm(folder, { recursive: true })
    },
  }
}
