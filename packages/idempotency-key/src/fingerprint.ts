import { createHash } from 'node:crypto'

/** Returns a hash that is equal for equal requests. @param target Path and query. */
export function fingerprintOf(method: string, target: string, body: Uint8Array | string): string {
  return createHash('sha256').update(`${method} ${target}\n`).update(body).digest('base64url')
}
