/** The methods of `bun:sqlite` that are used here, so that the types do not depend on Bun. */
export interface BunDatabase {
  prepare(sql: string): BunStatement
  close(throwOnError?: boolean): void
}

export interface BunStatement {
  all(...parameters: never[]): unknown[]
  get(...parameters: never[]): unknown
  run(...parameters: never[]): unknown
  finalize(): void
  safeIntegers?(on: boolean): unknown
}
