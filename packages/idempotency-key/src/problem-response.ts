/** Returns a problem response as in RFC 9457. */
export function problemResponse(status: number, title: string, detail: string): Response {
  return new Response(JSON.stringify({ title, status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  })
}

export const missingKey = (): Response =>
  problemResponse(
    400,
    'Idempotency-Key is missing',
    'Send the header Idempotency-Key with a value of your own, such as a UUID, and the same value when you repeat the request.',
  )

export const malformedKey = (): Response =>
  problemResponse(
    400,
    'Idempotency-Key is malformed',
    'Send one Idempotency-Key of 1 to 255 visible ASCII characters, quoted or not.',
  )

export const outstandingRequest = (): Response =>
  problemResponse(
    409,
    'A request is outstanding for this Idempotency-Key',
    'An earlier request with this key is still being handled. Repeat the request later.',
  )

export const otherRequest = (): Response =>
  problemResponse(
    422,
    'Idempotency-Key is already used',
    'This key was used with another request. Use a new key for each request.',
  )

export const responseNotKept = (status?: number): Response =>
  problemResponse(
    410,
    'The response is not kept',
    `The request with this key was handled${status === undefined ? '' : ` with status ${status}`}, and is not handled again.`,
  )
