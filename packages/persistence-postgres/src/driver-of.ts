import { resolveOptions } from '@go-go-scope/persistence-core/dialect'
import type { AdapterOptions } from '@go-go-scope/persistence-core/public'
import type { Resolved } from './options.js'
import { type DriverName, listenByUrl } from './wire/by-url.js'
import { ReconnectingDriver } from './wire/reconnecting-driver.js'
import type { Source } from './wire/wire.js'

/** The ordered connection of an adapter, and what else its options say of connections. */
export function driverOf(
  source: Source,
  { prepare, newsUrl, options }: Resolved<AdapterOptions>,
  driver?: DriverName,
): ReconnectingDriver {
  const listen =
    newsUrl === false ? undefined : newsUrl === undefined ? source.listen?.bind(source) : listenByUrl(newsUrl, driver)
  return new ReconnectingDriver(source, { answerTimeout: resolveOptions(options).busyTimeout, prepare, listen })
}
