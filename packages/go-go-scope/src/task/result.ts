/** What a task comes to: `[undefined, value]` or `[error, undefined]`. */
export type Result<E, T> = readonly [undefined, T] | readonly [E, undefined]
