export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The logger of a scope, which tasks get as `ctx.logger`. `console` can be used. */
export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  error(message: string, ...details: unknown[]): void
}

/** All levels, the lowest first. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const silent = (): void => {}

/** Forwards messages of at least `level`. Without a logger they go to the console; without both they are dropped. */
export function createLogger(logger: Logger | undefined, level: LogLevel | undefined): Logger {
  const target = logger ?? (level === undefined ? undefined : console)
  const lowest = level === undefined ? 0 : LOG_LEVELS.indexOf(level)
  const at = (name: LogLevel): Logger[LogLevel] =>
    target === undefined || LOG_LEVELS.indexOf(name) < lowest
      ? silent
      : (message, ...details) => target[name](message, ...details)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
