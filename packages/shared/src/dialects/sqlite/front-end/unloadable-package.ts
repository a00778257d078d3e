/**
 * Why an engine's package cannot be imported, and what to do: it is not installed, or it is and its native part is not
 * there, because package managers run the install scripts of approved packages only.
 *
 * @param cause What the import of the package `name` failed with.
 */
export function unloadablePackage(name: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  // The package itself, not one that it needs.
  if (new RegExp(`cannot find (package|module) '${name}'`, 'i').test(message)) {
    return `the package ${name} is not installed; run npm install ${name}`
  }
  const [reason] = message.split('\n')
  return (
    `the package ${name} is installed and cannot be loaded, as when its native part was not built; allow its install ` +
    `script (npm install-scripts approve, pnpm approve-builds or bun pm trust) and run npm rebuild ${name} (${reason})`
  )
}
