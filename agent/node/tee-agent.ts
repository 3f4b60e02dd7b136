import { OBSERVING_OPTIONS, TLS_OPTIONS } from '@vouch/host/http'
import { runCommand, runProgram, terminal, versionOf } from '@vouch/host/node'
import { Command } from 'commander'
import { type CheckOptions, checkCommand } from './commands/check.js'
import { type HashOptions, hashCommand } from './commands/hash.js'
import { type AgentServeOptions, serveAgentCommand } from './commands/serve.js'

const out = terminal('tee-agent')

const EXAMPLE = `
example:
  tee-agent check --config agent.yaml
  tee-agent serve --config agent.yaml --host 0.0.0.0 --port 8788
  tee-agent hash $(nix-store -qR /nix/store/…-echo) --program /nix/store/…-echo/bin/echo

exit status: 0 done · 1 usage · 3 not accepted · 4 undecidable`

const config = ['--config <file>', 'the configuration, in YAML'] as const
const json = ['--json', 'JSON on stdout'] as const

const teeAgent = new Command('tee-agent')
  .description('shows what runs in a guest, and binds it into hardware evidence')
  .version(versionOf(import.meta.url))
  .addHelpText('after', EXAMPLE)

const serve = teeAgent
  .command('serve')
  .description('wait for the services to announce their keys, and serve the guest by HTTP')
  .requiredOption(...config)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on; 0 for any', '8788')
  .option('--limits <file>', 'what clients may take, in YAML; no part of the configuration that is hashed')
  .option('--allow-origin <origins...>', 'web pages that may ask: *, none, or origins (default: *)')
  .option(...json)
  .action((options: AgentServeOptions) => run(options, () => serveAgentCommand(out, options)))
for (const [flags, description] of [...OBSERVING_OPTIONS, ...TLS_OPTIONS]) serve.option(flags, description)

teeAgent
  .command('check')
  .description('read a configuration, check folders, and print the hashes that it amounts to here')
  .requiredOption(...config)
  .option(...json)
  .action((options: CheckOptions) => run(options, () => checkCommand(out, options)))

teeAgent
  .command('hash')
  .description('hash a closure of store paths, and programs in it, for policies')
  .argument('[paths...]', 'store paths, all that the closure consists of')
  .option('--list <file>', 'a file that lists store paths')
  .option('--store <folder>', 'the folder of the store (default: that of the first path)')
  .option('--program <paths...>', 'programs in the closure, to print the drv of')
  .option('--mentions <names...>', 'names that only look like references')
  .option(...json)
  .action((paths: string[], options: HashOptions) => run(options, () => hashCommand(out, paths, options)))

function run(options: { readonly json?: true }, command: () => Promise<number>): Promise<void> {
  return runCommand(out, options.json ?? false, command)
}

await runProgram(out, teeAgent)
