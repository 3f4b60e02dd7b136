#!/usr/bin/env node
// What forge takes for a compiler: solc's WebAssembly build, from npm, behind the two options that forge uses.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
if (process.argv.includes('--version')) {
  const { version } = require('solc/package.json')
  console.log(
    `solc, the solidity compiler commandline interface\nVersion: ${version}+commit.f401782d.Emscripten.clang`,
  )
} else {
  process.stdout.write(require('solc').compile(readFileSync(0, 'utf8')))
}
