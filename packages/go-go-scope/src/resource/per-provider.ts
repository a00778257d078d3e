/** One value for each provider, made when it is first asked for. The value lives as long as its provider. */
export function perProvider<T>(create: () => T): (provider: object) => T {
  const values = new WeakMap<object, { readonly value: T }>()
  return (provider) => {
    const entry = values.get(provider) ?? { value: create() }
    values.set(provider, entry)
    return entry.value
  }
}
