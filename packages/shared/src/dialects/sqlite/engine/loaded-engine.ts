/** The loaded module of an engine. */
export interface LoadedEngine<Handle extends object> {
  readonly name: string
  /** See `library` of its driver. */
  readonly library: unknown
  /** Opens an existing file, or `:memory:`; a `file:` URI only with `readOnly`. */
  open(path: string, readOnly: boolean): Handle | Promise<Handle>
}
