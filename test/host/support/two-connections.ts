import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'

/** Two connections to one file, as two processes have them. */
export interface TwoConnections extends AsyncDisposable {
  readonly one: SQLiteAdapter
  readonly two: SQLiteAdapter
}

export async function twoConnections(): Promise<TwoConnections> {
  const folder = await mkdtemp(join(tmpdir(), 'host-'))
  const path = join(folder, 'app.db')
  const [one, two] = [await SQLiteAdapter.open(path), await SQLiteAdapter.open(path)]
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
