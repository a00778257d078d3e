/** The headers of every response. None allows another origin to read it. */
const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The policy of responses that are not documents. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'"

export function jsonResponse(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...HEADERS, 'content-security-policy': NOTHING, 'content-type': 'application/json' },
  })
}

/** Returns a response without data. @param error What is wrong, and what to do. */
export function errorResponse(error: string, status = 403): Response {
  return jsonResponse({ error }, status)
}

/** @param policy `Content-Security-Policy` */
export function htmlResponse(html: string, policy: string): Response {
  return new Response(html, {
    headers: { ...HEADERS, 'content-security-policy': policy, 'content-type': 'text/html; charset=utf-8' },
  })
}
