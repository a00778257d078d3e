import { resolveOptions } from '@go-go-scope/persistence-core/dialect'
import type { AdapterOptions } from '@go-go-scope/persistence-core/public'
import type { Resolved } from './options.js'
import { checkNewsUrl, type DriverName, listenByUrl } from './wire/by-url.js'
import { ReconnectingDriver } from './wire/reconnecting-driver.js'
import type { Source } from './wire/wire.js'

/** The driver of an adapter: its one ordered connection, set up by the adapter's options. */
export function driverOf(
  source: Source,
  { prepare, newsUrl, options }: Resolved<AdapterOptions>,
  driver?: DriverName,
): ReconnectingDriver {
  const common = { answerTimeout: resolveOptions(options).busyTimeout, prepare }
  if (newsUrl === false) return new ReconnectingDriver(source, common)
  if (newsUrl === undefined) return new ReconnectingDriver(source, { ...common, listen: source.listen?.bind(source) })
  const listen = listenByUrl(newsUrl, driver)
  return new ReconnectingDriver(source, { ...common, listen, checkListen: () => checkNewsUrl(newsUrl, driver) })
}
