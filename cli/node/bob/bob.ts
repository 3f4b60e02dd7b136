import { clearAwayWhenInterrupted, runCommand, runProgram, terminal, versionOf } from '@vouch/host/node'
import { Command, Option } from 'commander'
import { circuitsCommand } from './commands/circuits.js'
import { doctorCommand } from './commands/doctor.js'
import type { EvidenceOptions } from './commands/evidence.js'
import type { FetchEvidenceOptions } from './commands/evidence-files.js'
import { type RequestOptions, requestCommand } from './commands/request.js'
import { showFilesCommand } from './commands/show.js'
import { type VerifyOptions, verifyCommand } from './commands/verify.js'

const out = terminal('bob')

// Whoever judges a bundle does not wait for what judges evidence.
const judging = () => import('./commands/evidence.js')
const packing = () => import('./commands/evidence-files.js')
const explaining = () => import('./commands/evidence-show.js')
const policies = () => import('./commands/policy.js')

const EXAMPLE = `
example:
  bob request --accept accept.json --registry registry/ --verifier https://shop.example --out request.json
  bob verify bundle.json --request request.json --accept accept.json --registry registry/

exit status: 0 accepted · 1 usage · 2 something signed or proven is false · 3 not accepted · 4 undecidable`

const registry = ['--registry <where>', 'registry folder, head file or URL'] as const
const accept = ['--accept <file>', 'your acceptance policy'] as const
const at = ['--at <time>', 'judge as of this time: seconds since 1970 or a UTC date'] as const
const json = ['--json', 'JSON on stdout'] as const

const bob = new Command('bob')
  .description('asks for vouched responses and judges them, offline')
  .version(versionOf(import.meta.url))
  .enablePositionalOptions() // what stands behind `evidence show` is for `show`
  .addHelpText('after', EXAMPLE)

bob
  .command('verify')
  .description('judge a bundle')
  .argument('<bundle>', 'what you were given')
  .requiredOption('--request <file>', 'the Request you made')
  .option('--opening <file>', 'what is said to have been asked: it must be what the envelope answers')
  .option(...accept)
  .option(...registry)
  .option('--rpc <url>', 'instead of a registry: a server of the chain of the contract that asked')
  .option('--consumer <address>', 'with --rpc: that contract; nothing is sent, and nothing paid')
  .option(...at)
  .addOption(
    new Option('--backend <kind>', 'where proofs are verified')
      .choices(['auto', 'native', 'wasm'])
      .default('auto'),
  )
  .option(...json)
  .action((bundle: string, options: VerifyOptions) => run(options, () => verifyCommand(out, bundle, options)))

bob
  .command('request')
  .description('make a Request for all that your acceptance policy accepts')
  .requiredOption(...accept)
  .requiredOption(...registry)
  .requiredOption(
    '--verifier <origin>',
    'your https origin, or a contract as eip155:CHAIN:ADDRESS: proofs for it serve no other verifier',
  )
  .option('--profile <profile>', 'digest profile of the services', 'sha256')
  .option('--challenge <hex>', '32 bytes never used before (default: random)')
  .option('--context <hex>', '32 bytes; links the proofs of one holder under it')
  .option('--question <text>', 'the one question that shall be answered; needs --opening')
  .option('--opening <file>', 'with --question: write salt and question there')
  .option('--max-age <seconds>', 'accept responses up to this old, instead of what the policy says')
  .option(...at)
  .option('--out <file>', 'write there instead of to stdout')
  .action((options: RequestOptions) => run({}, () => requestCommand(out, options)))

bob
  .command('show')
  .description('say what files are and what follows from them; judges nothing')
  .argument('<files...>', 'bundle, Request, acceptance policy or head')
  .option(...json)
  .action((files: string[], options: { json?: true }) =>
    run(options, () => showFilesCommand(out, files, options.json ?? false)),
  )

bob
  .command('circuits')
  .description('list the circuits whose keys are pinned here')
  .option(...json)
  .action((options: { json?: true }) => run(options, async () => circuitsCommand(out, options.json ?? false)))

bob
  .command('doctor')
  .description('say whether this machine can verify and prove')
  .option(...json)
  .action((options: { json?: true }) => run(options, () => doctorCommand(out, options.json ?? false)))

const evidence = bob
  .command('evidence')
  .description('judge raw hardware evidence: report, certificates and lists in files of any order')
  .argument('<files...>', 'told apart by content; PEM or DER')
  .option(...at)
  .option('--policy <file>', 'admission policy; without one, debug and simulated evidence are refused')
  .option('--nonce <hex>', 'what REPORT_DATA must be')
  .option(...json)
  .action((files: string[], options: EvidenceOptions) =>
    run(options, async () => (await judging()).evidenceCommand(out, files, options)),
  )

evidence
  .command('show')
  .description('say what evidence says, field by field; judges nothing')
  .argument('<files...>', 'told apart by content; PEM or DER')
  .option(...json)
  .action((files: string[], options: { json?: true }) =>
    run(options, async () => (await explaining()).showEvidenceCommand(out, files, options.json ?? false)),
  )

evidence
  .command('pack')
  .description('put evidence and all that it is judged by into one file, and say what it is called')
  .argument('<files...>', 'told apart by content; PEM or DER')
  .requiredOption('--out <file>', 'write there')
  .option(...json)
  .action((files: string[], options: { out: string; json?: true }) =>
    run(options, async () => (await packing()).packCommand(out, files, options)),
  )

evidence
  .command('fetch')
  .description('get what vendors publish of a machine: certificates, revocation lists, TCB info')
  .argument('<files...>', 'the evidence')
  .option('--to <folder>', 'write there instead of beside the evidence')
  .option('--out <file>', 'write evidence and all that was fetched there, as one pack')
  .option('--replace', 'write over files that are there already')
  .option('--mirror <url>', "ask there instead of at the vendors' own services")
  .option('--cache <folder>', 'keep there what never changes')
  .option(...json)
  .action((files: string[], options: FetchEvidenceOptions) =>
    run(options, async () => (await packing()).fetchCommand(out, files, options)),
  )

const policy = bob.command('policy').description('write and read admission policies')

policy
  .command('init')
  .description('write an admission policy to fill in')
  .option('--kind <name>', 'kind of evidence, such as tdx: sev-snp unless another is named')
  .option('--simulated', 'for simulated SEV-SNP evidence, which is worth nothing')
  .option('--out <file>', 'write there instead of to stdout')
  .action((options: { kind?: string; simulated?: true; out?: string }) =>
    run({}, async () => (await policies()).policyInitCommand(out, options)),
  )

for (const [name, description, command] of [
  ['id', "print a policy's id", 'policyIdCommand'],
  ['show', 'say what a policy says', 'policyShowCommand'],
  ['check', 'say whether a policy loads, and what to know before relying on it', 'policyCheckCommand'],
] as const) {
  policy
    .command(name)
    .description(description)
    .argument('<file>', 'YAML or JSON')
    .option(...json)
    .action((file: string, options: { json?: true }) =>
      run(options, async () => (await policies())[command](out, file, options.json ?? false)),
    )
}

function run(options: { readonly json?: true }, command: () => Promise<number>): Promise<void> {
  return runCommand(out, options.json ?? false, command)
}

clearAwayWhenInterrupted()
await runProgram(out, bob)
