// A CommonJS app: it requires what are ES modules. Works only while none of them awaits at its top level.
for (const name of process.argv.slice(2)) console.log(`${name}: ${Object.keys(require(name)).length}`)
