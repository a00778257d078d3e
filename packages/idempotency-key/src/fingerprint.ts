import { createHash } from 'node:crypto'

/** A hash of what makes two requests the same one. @param target Path and query. */
export function fingerprintOf(method: string, target: string, body: Uint8Array | string): string {
  return createHash('sha256').update(`${method} ${target}\n`).update(body).digest('base64url')
}
