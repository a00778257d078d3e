import { createHash, timingSafeEqual } from 'node:crypto'
import { hostName, type Settings } from './options.js'

/**
 * Why a request is not answered at all, not even with the page; `undefined` for one that may be.
 *
 * A page of a stranger can have its own name resolve to this server (DNS rebinding): its requests are then of the same
 * origin to the browser, and only their `Host` tells. So that is looked at before anything else.
 */
export function refusalOf(request: Request, { hosts, write }: Settings): string | undefined {
  const host = hostName(request.headers.get('host') ?? new URL(request.url).host)
  if (host === undefined || !hosts.has(host)) {
    return 'this name of the server is not known here; add it to the option hosts of inspector()'
  }
  // Absent in old browsers and outside of browsers. "same-site" is another port of this machine, too.
  const site = request.headers.get('sec-fetch-site') ?? 'none'
  if (site !== 'none' && site !== 'same-origin') {
    return 'this is a request of another site; open the page by its address'
  }
  if (!isOfHost(request.headers.get('origin'), request)) return 'this is a request of another origin'
  if (isReading(request) || (request.method === 'POST' && write !== false)) return undefined
  return 'nothing can be changed here; the option write of inspector() would allow it, by POST'
}

/** Whether the origin that a browser names, as all do for a change, is the host that it asks. Programs name none. */
function isOfHost(origin: string | null, request: Request): boolean {
  if (origin === null || isReading(request)) return true
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host } = new URL(origin)
  const asked = `${protocol}//${request.headers.get('host') ?? new URL(request.url).host}`
  // Its port may be none. Of both the port is left out that is the usual one of the protocol.
  return URL.canParse(asked) && new URL(asked).host === host
}

/** Whether a request asks for the page or for data. */
export const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD'

/** Whether a request shows that it may see what is in the database. */
export async function isAuthorized(request: Request, { token, authorize }: Settings): Promise<boolean> {
  if (authorize !== undefined) return (await authorize(request)) === true
  if (token === undefined) return false
  const [, given] = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/** Of one length, which the comparison needs, and which tells nothing of the length of a token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
