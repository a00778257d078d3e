import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterUnderTest, EngineUnderTest } from './engine-under-test.js'
import { createWorld, type World } from './world.js'

export interface PreparedRestore {
  readonly backup: string
  /** Everything in the file before the restore. */
  readonly dump: string
}

interface MadeBackup {
  readonly bytes: Uint8Array
  readonly manifest: string
}

const madeBackups = new Map<EngineUnderTest, Promise<MadeBackup>>()

/** Makes a file with one entry that is in the backup and one that is not. No process has it open. */
export async function prepareRestore(
  world: World,
  use: (adapter: AdapterUnderTest) => Promise<unknown> = async () => undefined,
): Promise<PreparedRestore> {
  const made = madeBackups.get(world.engine) ?? makeBackup(world.engine)
  madeBackups.set(world.engine, made)
  const { bytes, manifest } = await made
  const backup = join(world.folder, 'copy.db')
  await writeFile(backup, bytes, { mode: 0o600 })
  await writeFile(`${backup}.json`, manifest, { mode: 0o600 })
  await writeFile(world.path, bytes, { mode: 0o600 })
  const adapter = await world.open({ locks: 'database' })
  await adapter.cache.set('after', 1)
  await use(adapter)
  await adapter.disconnect()
  const dump = await world.dump()
  await world.closeRaw()
  return { backup, dump }
}

/** Made once per engine, because each backup needs a thread. */
async function makeBackup(engine: EngineUnderTest): Promise<MadeBackup> {
  const world = await createWorld(engine)
  try {
    const adapter = await world.open()
    await adapter.cache.set('before', 1)
    const { path } = await adapter.backup(join(world.folder, 'copy.db'))
    return { bytes: await readFile(path), manifest: await readFile(`${path}.json`, 'utf8') }
  } finally {
    await world.dispose()
  }
}

export async function contentOf(world: World, path: string): Promise<(number | null)[]> {
  const adapter = await world.open({}, path)
  const found = [await adapter.cache.get<number>('before'), await adapter.cache.get<number>('after')]
  await adapter.disconnect()
  return found
}
