import type { NodeHeaders } from './node-headers.js'

/** The members of Node's response that are used. */
export interface NodeResponse {
  statusCode: number
  statusMessage: string
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed: boolean
  getHeaders(): NodeHeaders
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
  removeHeader(name: string): void
  emit(event: 'drain'): unknown
  rawListeners(event: 'drain'): unknown[]
  once(event: 'close', listener: () => void): unknown
  write(...args: never[]): boolean
  end(...args: never[]): unknown
  writeHead(...args: never[]): unknown
  flushHeaders(): void
  destroy(...args: never[]): unknown
}

/** Sends a fetch `Response`. Headers that are already set stay unless it replaces them. */
export async function sendResponse(target: NodeResponse, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  putHead(target, response)
  target.end(body as never)
}

/** Sets the status and the headers of a fetch `Response`. */
export function putHead(target: NodeResponse, response: Response): void {
  target.statusCode = response.status
  for (const [name, value] of response.headers) target.setHeader(name, value)
}
