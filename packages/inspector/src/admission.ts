import { createHash, timingSafeEqual } from 'node:crypto'
import { hostName, type Settings } from './options.js'

/**
 * Returns why a request is refused entirely, even for the page itself; `undefined` if it is allowed.
 *
 * A hostile page can make its own host name resolve to this server (DNS rebinding). To the browser its requests are then
 * same-origin, and only their `Host` shows the difference. So `Host` is checked first.
 */
export function refusalOf(request: Request, { hosts, write }: Settings): string | undefined {
  const host = hostName(request.headers.get('host') ?? new URL(request.url).host)
  if (host === undefined || !hosts.has(host)) {
    return 'this name of the server is not known here; add it to the option hosts of inspector()'
  }
  // Absent in old browsers and outside browsers. "same-site" includes other ports of this machine, so it is refused too.
  const site = request.headers.get('sec-fetch-site') ?? 'none'
  if (site !== 'none' && site !== 'same-origin') {
    return 'this is a request of another site; open the page by its address'
  }
  if (!isOfHost(request.headers.get('origin'), request)) {
    return 'this is a request of another origin; a proxy must pass on the Host'
  }
  if (isReading(request) || (request.method === 'POST' && write !== false)) return undefined
  return 'nothing can be changed here; the option write of inspector() would allow it, by POST'
}

/** Whether the `Origin`, which all browsers send with an action, is the requested host. Others send none. */
function isOfHost(origin: string | null, request: Request): boolean {
  if (origin === null) return true
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host } = new URL(origin)
  const asked = `${protocol}//${request.headers.get('host') ?? new URL(request.url).host}`
  // `URL` removes the default port of the protocol, so both sides are comparable.
  return URL.canParse(asked) && new URL(asked).host === host
}

/** Whether a request asks for the page or for data. */
export const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD'

/** Whether a request is authorized to see the database. */
export async function isAuthorized(request: Request, { token, authorize }: Settings): Promise<boolean> {
  if (authorize !== undefined) return (await authorize(request)) === true
  if (token === undefined) return false
  const [, given] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/** Hashes a token to a fixed length, which the constant-time comparison needs, and which hides the token's length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
