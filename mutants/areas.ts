import type { Check } from './check.js'
import { forgeChecks } from './checks/forge.js'
import { noirChecks } from './checks/noir.js'
import { vitestChecks } from './checks/vitest.js'
import { type Change, type Mutant, mutantsOf } from './mutant.js'
import { noirChanges } from './places/noir.js'
import { solidityChanges } from './places/solidity.js'
import { typescriptChanges } from './places/typescript.js'
import type { Tree } from './tree.js'

/** Sources that are mutated alike, and the tests that may notice. */
export interface Area {
  readonly name: string
  readonly holds: (file: string) => boolean
  readonly changes: (source: string) => readonly Change[]
  readonly checks: (folder: string, file: string) => readonly Check[]
}

export const AREAS: readonly Area[] = [
  {
    name: 'circuits',
    holds: (file) => /^circuits\/(lib|bin)\/.*\.nr$/.test(file) && !file.endsWith('/tests.nr'),
    changes: noirChanges,
    checks: noirChecks,
  },
  {
    name: 'verifier',
    holds: (file) => /^verifier\/src\/.*\.ts$/.test(file),
    changes: typescriptChanges,
    checks: (folder, file) => vitestChecks(folder, file, testsOf(file)),
  },
  {
    name: 'admission',
    holds: (file) => ['registry/src/admission.ts', 'registry/src/evidence.ts'].includes(file),
    changes: typescriptChanges,
    checks: (folder, file) =>
      vitestChecks(folder, file, [
        'registry/test/admission-conditions.test.ts',
        'test/misuse.test.ts',
        'registry/test/admission.test.ts',
      ]),
  },
  {
    name: 'contracts',
    holds: (file) => /^contracts\/src\/.*\.sol$/.test(file),
    changes: solidityChanges,
    checks: (folder, file) => {
      const { inForge = [], inVitest = [] } = CONTRACT_TESTS[file.split('/').at(-1) ?? ''] ?? {}
      return [...forgeChecks(folder, inForge), ...vitestChecks(folder, file, inVitest)]
    },
  },
]

const GATEWAY = ['contracts/test/gateway.test.ts']
const CALCULATIONS = ['contracts/test/vectors.test.ts', 'contracts/test/differential.test.ts']

/** Which tests look at which contract, the likeliest to notice a change first. */
const CONTRACT_TESTS: Readonly<
  Record<string, { readonly inForge?: readonly string[]; readonly inVitest?: readonly string[] }>
> = {
  'Acceptances.sol': { inForge: ['Acceptances.t.sol'], inVitest: [...CALCULATIONS, ...GATEWAY] },
  'CredentialRegistry.sol': { inForge: ['Borders.t.sol', 'CredentialRegistry.t.sol', 'TrustNodes.t.sol'] },
  'Envelopes.sol': { inForge: ['Envelopes.t.sol'], inVitest: [...CALCULATIONS, ...GATEWAY] },
  'Listings.sol': { inForge: ['Questions.t.sol'], inVitest: GATEWAY },
  'RegistryTree.sol': { inForge: ['RegistryTree.t.sol', 'CredentialRegistry.t.sol'], inVitest: CALCULATIONS },
  'Requests.sol': { inVitest: [...CALCULATIONS, ...GATEWAY] },
  'Signatures.sol': { inForge: ['TrustNodes.t.sol', 'CredentialRegistry.t.sol'] },
  'Statements.sol': { inVitest: CALCULATIONS },
  'TrustNodes.sol': { inForge: ['Borders.t.sol', 'TrustNodes.t.sol', 'CredentialRegistry.t.sol'] },
  'VouchVerifier.sol': { inForge: ['Questions.t.sol', 'VouchVerifier.t.sol'], inVitest: GATEWAY },
  'VouchedBoard.sol': { inVitest: ['contracts/test/board.test.ts'] },
}

/** The fast tests of every condition first, then those of a caller's mistakes, then those that prove. */
function testsOf(file: string): readonly string[] {
  const asking = ['ask', 'challenges', 'seen', 'verdict'].some((name) => file.endsWith(`/${name}.ts`))
  const conditions = ['verifier/test/conditions.test.ts', 'verifier/test/conditions-asking.test.ts']
  const proving = ['verifier/test/verify.test.ts', ...(asking ? ['verifier/test/challenges.test.ts'] : [])]
  return [...(asking ? conditions.toReversed() : conditions), 'test/misuse.test.ts', ...proving]
}

/** All mutants of an area's files. */
export function mutantsIn({ holds, changes }: Area, tree: Pick<Tree, 'files' | 'read'>): readonly Mutant[] {
  return tree.files.filter(holds).flatMap((file) => {
    const source = tree.read(file)
    return mutantsOf(file, source, changes(source))
  })
}
