/** The module of an engine, loaded. */
export interface LoadedEngine<Handle extends object> {
  readonly name: string
  /** As its driver's. */
  readonly library: unknown
  /** Opens a file that exists, or `:memory:`; a `file:` URI with `readOnly` alone. */
  open(path: string, readOnly: boolean): Handle | Promise<Handle>
}
