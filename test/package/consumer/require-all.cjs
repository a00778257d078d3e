// Every export path of every package for a CommonJS application: by require(), and by import() where that is refused.
async function main() {
  for (const specifier of process.argv.slice(2)) console.log(`${specifier}: ${await load(specifier)}`)
}

/** @param {string} specifier */
async function load(specifier) {
  let required
  try {
    required = require(specifier)
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error
    await import(specifier)
    return 'ERR_REQUIRE_ESM, imported'
  }
  if (specifier.endsWith('.json')) return 'the same'
  const imported = await import(specifier)
  return Object.keys(imported).every((name) => required[name] === imported[name]) ? 'the same' : 'another copy'
}

main()
