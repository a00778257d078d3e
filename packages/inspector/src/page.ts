import { html, script, style } from 'inspector:page'
import { createHash } from 'node:crypto'
import { htmlResponse } from './responses.js'

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The page runs and fetches only its own code, and never turns text into markup. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const [beforeStyle = '', beforeScript = '', rest = ''] = html.split(/\/\* (?:style|script) \*\//)
const document = beforeStyle + style + beforeScript + script + rest

/** Returns the page, which contains no data and fetches it later. @param byToken Whether it needs a token for that. */
export function pageResponse(byToken: boolean): Response {
  return htmlResponse(document.replace('data-access=""', byToken ? 'data-access="token"' : 'data-access="app"'), POLICY)
}
