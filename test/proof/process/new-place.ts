import { basename, join } from 'node:path'
import { engine } from '../../cells/cell.js'

/** Where processes meet, which is not there yet: a file in `folder`, or the schema of a server. */
export function newPlace(folder: string, name: string): string {
  return engine.places === undefined
    ? join(folder, `${name}.db`)
    : `${basename(folder)}-${name}`.replaceAll(/\W/g, '_').toLowerCase()
}

/** Makes the place as an adapter does, for statements past one. */
export async function makePlace(path: string): Promise<void> {
  await (await engine.SQLiteAdapter.open(path)).disconnect()
}
