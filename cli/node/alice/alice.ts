import { clearAwayWhenInterrupted, runCommand, runProgram, terminal, versionOf } from '@vouch/host/node'
import { type Alice, homeFolder, openAlice } from '@vouch/prover/node'
import { Command } from 'commander'
import {
  forgetCommand,
  listCommand,
  type RenewCommandOptions,
  renewCommand,
  showCredentialCommand,
} from './commands/credential.js'
import { type EnrollCommandOptions, enrollCommand } from './commands/enroll.js'
import { type ProveCommandOptions, proveCommand } from './commands/prove.js'
import { type SrsCommandOptions, srsCommand } from './commands/srs.js'
import { type SyncCommandOptions, syncCopiesCommand } from './commands/sync.js'

const out = terminal('alice')

const EXAMPLE = `
example:
  alice enroll --agent http://127.0.0.1:8788 --registrar http://127.0.0.1:8787 --name mine
  alice prove --request request.json --verifier https://shop.example --credential mine --service echo --message hello --out bundle.json

exit status: 0 done · 1 usage · 2 something signed or proven is false · 3 not accepted · 4 undecidable`

const ENROLLING = `
with a registrar that answers:
  alice enroll --agent URL --registrar URL

by files, with one that does not:
  alice enroll --agent URL --registry PUBLIC/ --policy policy.json --nonce-request ask.json
  registrar nonce registry/ --credential HEX > ticket.json
  alice enroll --ticket ticket.json --enrollment enrollment.json
  registrar admit registry/ enrollment.json > receipt.json
  alice enroll --receipt receipt.json`

const PROVING = `
asking a service:
  alice prove --request request.json --verifier https://shop.example --credential mine --service echo --message hello --out bundle.json

with what a service of your own has signed:
  alice prove --request request.json --verifier https://shop.example --credential mine --envelope envelope.bin --signature HEX --out bundle.json`

const json = ['--json', 'JSON on stdout'] as const
const where = [
  '--registry <where>',
  'any mirror, a folder or URL; it is kept for the next time (default: the registrar)',
] as const

const rpc = ['--rpc <url>', 'a server of the chain that the registry is on'] as const
const contract = ['--contract <address>', "with --rpc: the registry's contract"] as const
const fromBlock = [
  '--from-block <number>',
  'with --rpc: the block that has the contract, or one before it',
] as const
const confirmations = [
  '--confirmations <number>',
  'with --rpc: how deep a block must lie to be read (default: 12)',
] as const

interface Shared {
  readonly json?: true
}

const alice = new Command('alice')
  .description('enrolls with a registrar, and proves responses without showing whose they are')
  .version(versionOf(import.meta.url))
  .option('--home <folder>', 'where credentials are kept (default: $VOUCH_HOME, or ~/.vouch)')
  .addHelpText('after', EXAMPLE)

alice
  .command('enroll')
  .description("be admitted to a registry, with evidence of an agent's machine that is checked first")
  .option('--agent <url>', 'the agent in the guest')
  .option('--registrar <url>', 'the registrar, where it answers')
  .option(
    '--registry <where>',
    'folder or URL of any mirror of the registry; it is kept, and read from at each sync (default: the registrar)',
  )
  .option('--policy <file>', 'the admission policy to be judged by, as you know it')
  .option('--name <name>', 'what the credential is called here')
  .option('--registry-id <hex>', 'the registry id that you expect')
  .option('--signer <hex>', 'the signer of heads that you believe')
  .option(...rpc)
  .option(...contract)
  .option(...fromBlock)
  .option(...confirmations)
  .option('--nonce-request <file>', 'by files: begin, and write what the registrar is asked')
  .option('--ticket <file>', 'by files: go on, with what the registrar answered')
  .option('--enrollment <file>', 'by files: where the enrollment is written')
  .option('--receipt <file>', 'by files: end, with the receipt')
  .option('--wait', 'with --registrar: wait until the credential can be proven with')
  .option(...json)
  .addHelpText('after', ENROLLING)
  .action((options: EnrollCommandOptions) => run(options, (held) => enrollCommand(out, held, options)))

alice
  .command('prove')
  .description('answer a Request with a bundle, or say what speaks against it')
  .requiredOption(
    '--request <file>',
    'the Request you were given; with --consumer, where the one that the contract makes is written',
  )
  .option(
    '--verifier <origin>',
    'the verifier that you mean to answer: its https origin, or a contract as eip155:CHAIN:ADDRESS',
  )
  .requiredOption('--credential <name>', 'credential, by its name or its file')
  .requiredOption('--out <file>', 'where the bundle is written')
  .option('--rpc <url>', 'with --consumer: a server of its chain')
  .option('--consumer <address>', 'with --rpc: the contract that asks')
  .option(
    '--beneficiary <address>',
    'with --consumer: for whose benefit; anyone may send the proof, for nobody else',
  )
  .option('--policy <files...>', 'documents of admission policies, to see what the Request accepts')
  .option('--guest <files...>', 'listings of other guests: their services are known then, and count')
  .option('--agent <url>', 'ask this agent where the service answers today')
  .option('--service <name>', 'the service to ask')
  .option('--message <text>', 'what to ask it')
  .option('--question <file>', "instead of --message: the verifier's question, as it handed it out")
  .option('--opening <file>', 'write what was asked there, to show it to the verifier')
  .option('--envelope <file>', 'an envelope that a service has signed')
  .option('--signature <hex>', 'its signature, r and s')
  .option('--min-set <number>', 'the fewest live leaves of others to hide among (default: 16)')
  .option(
    '--allow-one-service',
    'answer though only one service that is known is accepted, which says who answered',
  )
  .option('--allow-context <hex>', 'agree that proofs under this context are linked; it is remembered')
  .option('--again', 'answer differently where you have answered before, and be linked to that')
  .option(...json)
  .addHelpText('after', PROVING)
  .action((options: ProveCommandOptions) => run(options, (held) => proveCommand(out, held, options)))

const credential = alice.command('credential').description('look after what you hold')

credential
  .command('list')
  .description('list credentials, and how they stand')
  .option(...json)
  .action((options: Shared) => run(options, (held) => listCommand(out, held, options.json ?? false)))

credential
  .command('show')
  .description('say all of a credential but its secret')
  .argument('<name>')
  .option(...json)
  .action((name: string, options: Shared) =>
    run(options, (held) => showCredentialCommand(out, held, name, options.json ?? false)),
  )

credential
  .command('renew')
  .description('enroll again with the same agent and registrar')
  .argument('<name>')
  .option('--policy <file>', 'the admission policy to be judged by, as you know it')
  .option('--name <name>', 'what the new one is called')
  .option(...rpc)
  .option(...contract)
  .option(...fromBlock)
  .option(...confirmations)
  .option(...json)
  .action((name: string, options: RenewCommandOptions) =>
    run(options, (held) => renewCommand(out, held, name, options)),
  )

credential
  .command('forget')
  .description('delete a credential and its secret')
  .argument('<name>')
  .action((name: string) => run({}, (held) => forgetCommand(out, held, name)))

alice
  .command('sync')
  .description(
    'bring your copies of registries up to date; checks all of it. Proving reads them, and fetches nothing',
  )
  .option('--credential <name>', 'only the registry of this one')
  .option(...where)
  .option(...rpc)
  .option(...contract)
  .option(...fromBlock)
  .option(...confirmations)
  .option('--signer <hex>', 'the new signer, after the registrar has announced one')
  .option('--every <time>', 'go on, once every so often (300s, 5m, 1h), until interrupted')
  .option(...json)
  .action((options: SyncCommandOptions) => run(options, (held) => syncCopiesCommand(out, held, options)))

alice
  .command('srs')
  .description('check the reference string that proofs are made with, and what fits it')
  .option('--points <number>', 'check that so many points are there')
  .option('--chunks <folder>', 'where chunks of a longer one lie (default: srs in your folder)')
  .option('--download', 'fetch chunks that are not there')
  .option(...json)
  .action((options: SrsCommandOptions) =>
    runCommand(out, options.json !== undefined, () => srsCommand(out, homeFolder(home()), options)),
  )

const home = (): string | undefined => alice.opts<{ home?: string }>().home

/** Opens Alice's folder for a command, and ends what it started. */
function run(options: Shared, command: (held: Alice) => Promise<number>): Promise<void> {
  return runCommand(out, options.json ?? false, async () => {
    const held = await openAlice({ home: home(), syncEvery: false }) // a command syncs when it is told to, and at no other time
    try {
      return await command(held)
    } finally {
      await held.close()
    }
  })
}

clearAwayWhenInterrupted()
await runProgram(out, alice)
