import { readFile } from 'node:fs/promises'
import { openBackend } from '@vouch/circuits/node'
import { parseAcceptance, parseBundle, parseHead, parseRequest } from '@vouch/protocol'
import { verify } from '@vouch/verifier'

// What a program that judges bundles needs of Vouch. The clean-clone test runs it where only the verifier is installed.

const [, , folder] = process.argv
const read = (name) => readFile(`${folder}/${name}`, 'utf8')
const verdict = await verify(parseBundle(await read('bundle.json')), {
  request: parseRequest(await read('request.json')),
  acceptance: parseAcceptance(await read('accept.json')),
  head: parseHead(await read('registry/head.json')),
  now: Number(await read('at')),
  backend: openBackend(),
})
process.stdout.write(
  verdict.accepted ? new TextDecoder().decode(verdict.proven.payload) : JSON.stringify(verdict),
)
process.exit(verdict.accepted ? 0 : 2)
