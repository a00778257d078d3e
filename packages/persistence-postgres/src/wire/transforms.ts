/** The option `transform` of an `sql`, for example `postgres.camel` or `SQL.camel`. */
export interface Transforms {
  readonly column?: { readonly from?: ((name: string) => string) | undefined }
  readonly row?: { readonly from?: unknown }
}

// Each column of our statements is named in the text.
const NAME = /[a-z_]\w*/gi

/** Returns the names in one of our statements, by what the app's transform makes of them. */
export function namesIn(sql: string, transforms: Transforms | undefined): ReadonlyMap<string, string> {
  const transformed = transforms?.column?.from
  return new Map(transformed && (sql.match(NAME) ?? []).map((name) => [transformed(name), name]))
}
