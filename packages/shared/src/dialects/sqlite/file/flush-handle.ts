import { fsync } from 'node:fs'
import { promisify } from 'node:util'

/** Flushes what was written to a file, or the names in a folder, to the disk. */
export function flushHandle(file: { readonly fd: number; sync(): Promise<void> }): Promise<void> {
  // With its permission model, Node never allows to flush a bare descriptor. Yarn's Plug'n'Play replaces the handles of Node by its
  // own, whose `sync` only throws.
  return process.versions.pnp === undefined ? file.sync() : promisify(fsync)(file.fd)
}
