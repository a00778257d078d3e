// Loads every export path of every package from CommonJS, by require() and then by import(), even if require() is refused. The
// runtime may lack the package's engine: importing must work without it.
async function main() {
  for (const specifier of process.argv.slice(2)) console.log(`${specifier}: ${await load(specifier)}`)
}

/** @param {string} specifier */
async function load(specifier) {
  const required = requireOf(specifier)
  if (specifier.endsWith('.json')) return `${Object.keys(required).length} imported, the same`
  const imported = await import(specifier)
  const found = `${Object.keys(imported).length} imported`
  if (required === undefined) return `${found}, ERR_REQUIRE_ESM`
  const same = Object.keys(imported).every((name) => required[name] === imported[name])
  return `${found}, ${same ? 'the same' : 'another copy'}`
}

/** @param {string} specifier */
function requireOf(specifier) {
  try {
    return require(specifier)
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error
    return undefined
  }
}

main()
