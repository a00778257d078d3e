import { callSafely } from '../errors/call-safely.js'
import { messageOf } from '../errors/message-of.js'
import { type Reporter, reportToNobody } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'
import type { ScopeHooks } from './scope-hooks.js'

/** Sends what has no result to go to, to the `onError` hook and the log. Never throws itself. */
export function scopeReporter(scopeName: string, hooks: ScopeHooks, logger: Logger): Reporter {
  return (source, error) => {
    // The end of the line: a hook or logger that fails about an error has nobody left to be told.
    callSafely(reportToNobody, 'onError', () => hooks.onError?.(error, source))
    callSafely(reportToNobody, 'logger', () =>
      logger.error(`${scopeName}: ${source} failed: ${messageOf(error)}`, error),
    )
  }
}
