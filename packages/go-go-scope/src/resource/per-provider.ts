/** Returns a function that creates one value per provider on first use. The value lives as long as its provider. */
export function perProvider<T>(create: () => T): (provider: object) => T {
  const values = new WeakMap<object, { readonly value: T }>()
  return (provider) => {
    const entry = values.get(provider) ?? { value: create() }
    values.set(provider, entry)
    return entry.value
  }
}
