import { basename, join } from 'node:path'
import { engine } from '../../cells/cell.js'

/** Returns where processes meet, which does not exist yet: a file in `folder`, or a schema of the server. */
export function newPlace(folder: string, name: string): string {
  return engine.places === undefined
    ? join(folder, `${name}.db`)
    : `${basename(folder)}-${name}`.replaceAll(/\W/g, '_').toLowerCase()
}

/** Creates the place as an adapter does, for statements without one. */
export async function makePlace(path: string): Promise<void> {
  await (await engine.SQLiteAdapter.open(path)).disconnect()
}
