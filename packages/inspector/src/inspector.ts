import { invalidArgument, PersistenceError } from '@go-go-scope/persistence-core/integration'
import { isAuthorized, isReading, refusalOf } from './admission.js'
import { type Inspectable, type InspectorOptions, settingsOf } from './options.js'
import { OverviewReader } from './overview-reader.js'
import { pageResponse } from './page.js'
import { performAction } from './perform-action.js'
import { errorResponse, jsonResponse } from './responses.js'
import { readValue } from './value.js'

/** Answers requests for the page, for its data (the same path with the query `view`), and for actions (POST). */
export type InspectorHandler = (request: Request) => Promise<Response>

/**
 * Makes a page that shows the content of a database while apps use it. It can be mounted on any path:
 * `app.all('/inspector', (context) => inspect(context.req.raw))`. It changes nothing without the option `write`.
 *
 * @returns a fetch handler. It rejects only with an error of `authorize`, and with `INVALID_ARGUMENT` for what is no `Request`.
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`; also if neither `token` nor `authorize` is given.
 */
export function inspector(persistence: Inspectable, options: InspectorOptions): InspectorHandler {
  const settings = settingsOf(persistence, options)
  const overview = new OverviewReader(persistence, settings)
  const byToken = settings.token !== undefined

  return async (request) => {
    // The types of Express let it be mounted as it is.
    if (typeof request?.headers?.get !== 'function') {
      const instead = 'for Express, Fastify and node:http, pass the handler to toNodeHandler of ./node'
      throw invalidArgument('inspector', `the handler takes a Request of fetch; ${instead}`)
    }
    const refusal = refusalOf(request, settings)
    if (refusal !== undefined) return errorResponse(refusal)
    const { searchParams: query } = new URL(request.url)
    const isPage = !query.has('view') && isReading(request)
    // The page itself contains no data, and it has to load before it can ask for the token.
    if (!(isPage && byToken) && !(await isAuthorized(request, settings))) {
      return errorResponse(byToken ? 'the token is missing or wrong' : 'you may not do this')
    }
    if (isPage) return pageResponse(byToken)
    try {
      if (!isReading(request)) return await performAction(request, persistence, settings)
      if (query.get('view') === 'overview') return jsonResponse(await overview.read(query))
      if (query.get('view') === 'value') return await readValue(persistence, settings, query)
      return errorResponse('there is no such view', 404)
    } catch (error) {
      if (!(error instanceof PersistenceError)) return errorResponse(String(error), 500)
      return errorResponse(`${error.code}: ${error.message}`, error.code.startsWith('INVALID') ? 400 : 503)
    }
  }
}
