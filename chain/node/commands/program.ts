import { KEY_WORDS, type Terminal } from '@vouch/host/node'
import type { Command } from 'commander'
import type { ExecuteOptions, LeaveOptions, ProposeOptions, SignOptions, SubmitOptions } from './decide.js'
import type { DeployOptions } from './deploy.js'
import type { NodeServeOptions } from './node.js'

/** What the commands of a trust node share with the registrar's others. */
export interface Shared {
  readonly out: Terminal
  readonly run: (options: { readonly json?: true }, command: () => Promise<number>) => Promise<void>
  /** Options of everything that serves. */
  readonly serving: readonly (readonly [flags: string, description: string, standard?: string])[]
}

const rpc = ['--rpc <url>', "a chain's RPC server"] as const
const contract = ['--contract <address>', "the registry's contract"] as const
const payer = ['--key <key>', `the key that pays: ${KEY_WORDS} (default: $VOUCH_KEY)`] as const
const maxFee = ['--max-fee <gwei>', 'the most that a unit of gas may cost', '300'] as const
const json = ['--json', 'JSON on stdout'] as const
const decision = ['<decision>', 'what registrar node propose wrote'] as const

const KINDS = `
decisions:
  add-member, remove-member, clear-strikes ADDRESS
  add-policy, retire-policy ID · add-anchor, retire-anchor HASH
  remove, remove-for-cause CREDENTIAL --reason TEXT (for cause: whoever signed for it gets a strike)
  pause · unpause · cancel CHANGE
  add-route, disable-route, enable-route, freeze-route CIRCUIT --gateway ADDRESS --verifier ADDRESS`

/** What a registry on a chain needs: its deployment, and its trust nodes. */
export function addChainCommands(registrar: Command, shared: Shared): void {
  addNodeCommands(registrar, shared)
  addDeployCommand(registrar, shared)
}

/** `registrar node …`: a trust node, and what the operators of trust nodes decide by quorum. */
function addNodeCommands(registrar: Command, { out, run, serving }: Shared): void {
  const decide = () => import('./decide.js')
  const node = registrar
    .command('node')
    .description('run a trust node: one of those who admit to a registry on chain, and decide about it')

  const serve = node
    .command('serve')
    .description('verify enrollments, sign admissions, collect signatures of peers, and submit')
    .argument('<folder>', "the node's folder")
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .option('--peer <urls...>', 'where the other nodes answer')
    .option(
      '--peers-listen <address>',
      'sign for peers there alone, as host:port, with certificates on both sides',
    )
    .option('--tls-client-ca <file>', "the roots of the peers' certificates, in PEM")
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any', '8787')
    .option('--key <key>', `the key that signs admissions and pays: ${KEY_WORDS} (default: $VOUCH_KEY)`)
    .option(...maxFee)
    .option(...json)
    .action((where: string, options: NodeServeOptions) =>
      run(options, async () => (await import('./node.js')).nodeServeCommand(out, where, options)),
    )
  for (const [flags, description, standard] of serving) serve.option(flags, description, standard)

  node
    .command('propose')
    .description('write a decision into a file, for the operators of the nodes to sign')
    .argument('<kind>', 'what is decided')
    .argument('[subject]', 'whom or what about')
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .requiredOption('--out <file>', 'where the decision is written')
    .option('--reason <text>', 'why something is removed: its hash goes on chain')
    .option('--gateway <address>', 'at which gateway a route is changed')
    .option('--verifier <address>', 'the verifier that the route leads to')
    .option('--hours <number>', 'for how long signatures may be collected', '72')
    .addHelpText('after', KINDS)
    .action((kind: string, subject: string | undefined, options: ProposeOptions) =>
      run({}, async () => (await decide()).proposeCommand(out, kind, subject, options)),
    )

  node
    .command('show')
    .description('say in words what a decision decides')
    .argument(...decision)
    .action((file: string) => run({}, async () => (await decide()).showDecisionCommand(out, file)))

  node
    .command('sign')
    .description('sign a decision, with the key of your node, if it is for this registry as it is now')
    .argument(...decision)
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .requiredOption('--out <file>', 'where the signature is written')
    .option('--key <key>', `the node's key: ${KEY_WORDS} (default: $VOUCH_KEY)`)
    .action((file: string, options: SignOptions) =>
      run({}, async () => (await decide()).signCommand(out, file, options)),
    )

  node
    .command('submit')
    .description('have the contract take a decision that enough nodes have signed')
    .argument(...decision)
    .argument('<signatures...>', 'what registrar node sign wrote')
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .option('--copy <folder>', "of a removal: where a copy of the registry is kept (default: it's read anew)")
    .option('--from-block <number>', 'of a removal: the block that has the contract, or one before it', '0')
    .option(...payer)
    .option(...maxFee)
    .option(...json)
    .action((file: string, signatures: string[], options: SubmitOptions) =>
      run(options, async () => (await decide()).submitCommand(out, file, signatures, options)),
    )

  node
    .command('execute')
    .description('carry out a change whose delay has passed; anyone may')
    .argument('<change>', 'the number that registrar node submit said')
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .option(...payer)
    .option(...maxFee)
    .action((change: string, options: ExecuteOptions) =>
      run({}, async () => (await decide()).executeCommand(out, change, options)),
    )

  node
    .command('leave')
    .description("have your node leave the set, after the delay; nobody's consent is needed")
    .requiredOption(...rpc)
    .requiredOption(...contract)
    .option('--key <key>', `the node's key, which pays: ${KEY_WORDS} (default: $VOUCH_KEY)`)
    .option(...maxFee)
    .option(...json)
    .action((options: LeaveOptions) => run(options, async () => (await decide()).leaveCommand(out, options)))
}

/** `registrar deploy`: the contracts of a registry. */
function addDeployCommand(registrar: Command, { out, run }: Shared): void {
  registrar
    .command('deploy')
    .description('deploy a registry that trust nodes run, and the gateway that contracts call')
    .requiredOption(...rpc)
    .requiredOption('--node <addresses...>', 'the trust nodes')
    .requiredOption('--policy <files...>', 'admission policies, in JSON or YAML')
    .option(
      '--floor <number>',
      'fewest signatures that ever suffice; two thirds of the nodes are needed in any case',
      '2',
    )
    .option('--strike-limit <number>', "wrong admissions after which a node's signature stops counting", '3')
    .option('--delay <seconds>', 'between a decision of the nodes and its effect', '86400')
    .option('--nonce-blocks <number>', 'how many blocks old a nonce may be', '64')
    .option('--registry <address>', 'after a failure: the registry that is there already')
    .option('--proofs <address>', 'after a failure: the verifier of proofs that is there already')
    .option(...payer)
    .option(...maxFee)
    .option(...json)
    .action((options: DeployOptions) =>
      run(options, async () => (await import('./deploy.js')).deployCommand(out, options)),
    )
}
