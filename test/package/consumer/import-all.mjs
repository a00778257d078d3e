import { createRequire } from 'node:module'

// Every export path of every package, on a runtime that may lack the package's engine: importing must still work.
const require = createRequire(import.meta.url)
for (const specifier of process.argv.slice(2)) {
  const exported = specifier.endsWith('.json') ? require(specifier) : await import(specifier)
  console.log(`${specifier}: ${Object.keys(exported).length}`)
}
