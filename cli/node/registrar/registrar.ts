import { addChainCommands } from '@vouch/chain/commands'
import { LISTENING_OPTIONS } from '@vouch/host/http'
import { runCommand, runProgram, terminal, versionOf } from '@vouch/host/node'
import { ADMIN_OPTIONS } from '@vouch/registry/node'
import { Command } from 'commander'
import { type AdmitOptions, admitCommand } from './commands/admit.js'
import { type AuditOptions, auditCommand } from './commands/audit.js'
import { type BackupOptions, backupCommand } from './commands/backup.js'
import { type ExportOptions, exportCommand } from './commands/export.js'
import { type HeadOptions, headCommand } from './commands/head.js'
import { type ImportOptions, importCommand } from './commands/import.js'
import { type InitOptions, initCommand } from './commands/init.js'
import { type NonceOptions, nonceCommand } from './commands/nonce.js'
import { type ReadmitOptions, type RemoveOptions, readmitCommand, removeCommand } from './commands/order.js'
import { type RebuildOptions, rebuildCommand } from './commands/rebuild.js'
import { type RegistrarServeOptions, serveRegistrarCommand } from './commands/serve.js'
import { type ShowOptions, showRegistryCommand } from './commands/show.js'
import { type SyncRegistryOptions, syncRegistryCommand } from './commands/sync.js'

const out = terminal('registrar')

const EXAMPLE = `
example:
  registrar init registry/ --policy policy.json
  registrar serve registry/ --port 8787
  registrar sync http://127.0.0.1:8787 --to copy/

exit status: 0 done · 1 usage · 2 something signed or proven is false · 3 not accepted · 4 undecidable`

const folder = ['<folder>', "the registry's folder"] as const
const key = ['--key <file>', 'the key that signs heads (default: signer.key in the folder)'] as const
const json = ['--json', 'JSON on stdout'] as const
const rpc = ['--rpc <url>', "a chain's RPC server"] as const
const store = [
  '--store <url>',
  'a database server, such as postgres://vouch@db/vouch (default: a file in the folder)',
] as const
const clockAhead = [
  '--clock-ahead <hours>',
  'sign nothing while the clock is further ahead of the newest head',
  '24',
] as const
const timeIsRight = [
  '--time-is-right',
  'confirm that the clock is right now, as after a long outage; not for scripts that start servers',
] as const
const behindProxy = [
  '--behind-proxy [address]',
  'believe X-Forwarded-For when it comes from this address (default: from loopback)',
] as const
const place = ['<place>', "the registry's folder, or the https address of its --admin-listen"] as const
const operatorCert = ['--tls-cert <file>', 'from afar: the certificate of the operator, in PEM'] as const
const operatorKey = ['--tls-key <file>', 'from afar: its key'] as const
const contract = ['--contract <address>', "the registry's contract"] as const

const registrar = new Command('registrar')
  .description('admits credentials to a registry, and publishes it')
  .version(versionOf(import.meta.url))
  .addHelpText('after', EXAMPLE)

registrar
  .command('init')
  .description(
    'make a registry: its id, its keys, its first head; with --rpc and --contract, the folder of a trust node',
  )
  .argument(...folder)
  .requiredOption('--policy <files...>', 'admission policies, in JSON or YAML')
  .option(...rpc)
  .option(...contract)
  .option(...key)
  .option(...store)
  .option(...json)
  .action((where: string, options: InitOptions) => run(options, () => initCommand(out, where, options)))

registrar
  .command('nonce')
  .description('give a nonce for the evidence of one credential')
  .argument(...folder)
  .requiredOption('--credential <hex>', 'the credential C that is to be admitted')
  .action((where: string, options: NonceOptions) => run({}, () => nonceCommand(out, where, options)))

registrar
  .command('admit')
  .description('judge an enrollment, and admit its credential')
  .argument(...folder)
  .argument('<enrollment>', 'what the client wrote')
  .option(...clockAhead)
  .option(...timeIsRight)
  .option(...json)
  .action((where: string, file: string, options: AdmitOptions) =>
    run(options, () => admitCommand(out, where, file, options)),
  )

const serve = registrar
  .command('serve')
  .description('serve nonces, enrollments, heads and leaves by HTTP, and cut heads on the clock')
  .argument(...folder)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on; 0 for any', '8787')
  .option('--cut-every <seconds>', 'how often a head is cut, if anything changed', '600')
  .option(...behindProxy)
  .option(...clockAhead)
  .option(...timeIsRight)
  .option(...key)
  .option(...store)
  .option('--audit-days <number>', 'how long decisions are kept for registrar audit (default: 400)')
  .option(
    '--publish <folder>',
    'write each head and its leaves to a folder that any server of files can publish',
  )
  .option('--published <url>', 'where readers find that folder: a registry that is behind it signs nothing')
  .option(...json)
  .action((where: string, options: RegistrarServeOptions) =>
    run(options, () => serveRegistrarCommand(out, where, options)),
  )
for (const [flags, description] of [...LISTENING_OPTIONS, ...ADMIN_OPTIONS]) serve.option(flags, description)

registrar
  .command('remove')
  .description('remove a member, or all of a machine, for cause and for ever; a server may be running')
  .argument(...place)
  .option('--credential <hex>', 'the member')
  .option('--machine <hex>', 'the machine, which is refused from then on')
  .requiredOption('--reason <text>', 'why, for your own log')
  .option(...clockAhead)
  .option(...timeIsRight)
  .option(...key)
  .option(...operatorCert)
  .option(...operatorKey)
  .option(...json)
  .action((where: string, options: RemoveOptions) => run(options, () => removeCommand(out, where, options)))

registrar
  .command('readmit')
  .description('let a machine that was removed be admitted again; a server may be running')
  .argument(...place)
  .requiredOption('--machine <hex>', 'the machine')
  .requiredOption('--reason <text>', 'why, for your own log')
  .option(...operatorCert)
  .option(...operatorKey)
  .action((where: string, options: ReadmitOptions) => run({}, () => readmitCommand(out, where, options)))

registrar
  .command('head')
  .description('print the newest head')
  .argument(...folder)
  .option('--cut', 'cut a head first, if anything changed')
  .option('--force', 'with --cut: even if nothing did')
  .option(...clockAhead)
  .option(...timeIsRight)
  .option(...key)
  .action((where: string, options: HeadOptions) => run({}, () => headCommand(out, where, options)))

registrar
  .command('export')
  .description('write the public part of a registry to a folder that any server of files can publish')
  .argument(...folder)
  .requiredOption('--to <folder>', 'where to')
  .option(...json)
  .action((where: string, options: ExportOptions) => run(options, () => exportCommand(out, where, options)))

registrar
  .command('sync')
  .description("keep a copy of somebody's registry; checks all of it")
  .argument('[from]', 'URL or folder')
  .requiredOption('--to <folder>', 'where the copy is kept')
  .option(...rpc)
  .option(...contract)
  .option('--from-block <number>', 'on chain: the block that has the contract, or one before it', '0')
  .option(
    '--confirmations <number>',
    'on chain: how deep a block must lie (default: 12; on development chains 0)',
  )
  .option('--registry <hex>', 'the registry id that you expect')
  .option('--signer <hex>', 'the signer of heads that you believe')
  .option(...json)
  .action((from: string | undefined, options: SyncRegistryOptions) =>
    run(options, () => syncRegistryCommand(out, from, options)),
  )

addChainCommands(registrar, {
  out,
  run,
  serving: [...LISTENING_OPTIONS, behindProxy, clockAhead, timeIsRight],
})

registrar
  .command('audit')
  .description('list decisions, a line of JSON each: admissions, removals, readmissions; it names machines')
  .argument(...folder)
  .option('--days <number>', 'those of the last days (default: all that are kept)')
  .option('--refusals', "strangers' refusals instead")
  .action((where: string, options: AuditOptions) => run({}, () => auditCommand(out, where, options)))

registrar
  .command('backup')
  .description('copy the registry into one file; a server may be running')
  .argument(...folder)
  .requiredOption('--to <file>', 'where to')
  .option(...json)
  .action((where: string, options: BackupOptions) => run(options, () => backupCommand(out, where, options)))

registrar
  .command('import')
  .description(
    'bring a registry of an earlier release into the form of this one; with --store, one in a file onto a server',
  )
  .argument(...folder)
  .option(...store)
  .option(...json)
  .action((where: string, options: ImportOptions) => run(options, () => importCommand(out, where, options)))

registrar
  .command('rebuild')
  .description('check all records, and make anew what follows from them')
  .argument(...folder)
  .option(...json)
  .action((where: string, options: RebuildOptions) => run(options, () => rebuildCommand(out, where, options)))

registrar
  .command('show')
  .description('say what a registry holds')
  .argument(...folder)
  .option('--members', 'list its members')
  .option('--machine <hex>', 'list the members of one machine')
  .option(...json)
  .action((where: string, options: ShowOptions) =>
    run(options, () => showRegistryCommand(out, where, options)),
  )

function run(options: { readonly json?: true }, command: () => Promise<number>): Promise<void> {
  return runCommand(out, options.json ?? false, command)
}

await runProgram(out, registrar)
