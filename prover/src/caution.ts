import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import {
  type Credential,
  equalBytes,
  type Failure,
  fieldToBytes,
  type Guest,
  type Head,
  isSimulated,
  type LedgerEntry,
  type Request,
  shown,
  toHex,
  type Verifier,
  verifierName,
} from '@vouch/protocol'
import { type Ages, ANSWER, broken, HEAD, REQUEST } from '@vouch/verifier'
import { unless, unprovable } from './provable.js'
import type { Standing } from './standing.js'

/** How careful Alice is. Each of these may be loosened, by its name and on purpose. */
export interface Caution {
  /** How far Bob's clock and the registrar's may be ahead of hers, in seconds. */
  readonly clockSkew: number
  /** The oldest Request, and the oldest head, that she answers at; in seconds. */
  readonly requestAge: number
  readonly headAge: number
  /** The fewest to hide among: live leaves of others, under the accepted policies, at the Request's root. */
  readonly minimumSet: number
  /** The fewest accepted services that she knows to be run in some guest: Bob can make up as many others as he likes. */
  readonly minimumServices: number
}

export const USUAL_CAUTION: Caution = {
  clockSkew: 120,
  requestAge: 600,
  headAge: 3600,
  minimumSet: 16,
  minimumServices: 2,
}

/** How old things may be for her. She allows no grace: what comes late shows who was slow. */
export const agesOf = ({ clockSkew, requestAge, headAge }: Caution): Ages => ({
  clockSkew,
  requestAge,
  headAge,
  grace: 0,
})

/** What the holder agrees to beyond caution, for one Request. */
export interface Agreement {
  /** A context within which proofs may be linked. It is remembered. */
  readonly context?: Uint8Array | undefined
  /** To answer differently where she has answered before: whoever has both answers sees that they are of one holder. */
  readonly again?: boolean | undefined
}

/** A Request as Alice sees it, before she answers or refuses. */
export interface Asked {
  readonly request: Request
  /** The verifier that she means, in words; the Request is its own unless a failure says otherwise. */
  readonly verifier: string
  readonly policies: readonly {
    readonly id: bigint
    /** The document that hashes to the id, where she has it. */
    readonly document: AdmissionPolicy | undefined
    readonly simulated: boolean
    /** Live leaves of others that it admitted, and of her own, at the Request's root. */
    readonly live: number
    readonly own: number
  }[]
  /** A name, where a guest that she knows runs the service. */
  readonly services: readonly { readonly drv: Uint8Array; readonly name: string | undefined }[]
  /** Live leaves of others under the accepted policies, at the Request's root: how many holders they have is not known. */
  readonly anonymitySet: number
  /** Every rule that the Request breaks. She answers when there is none. */
  readonly failures: readonly Failure[]
}

/** What there is to judge a Request by. */
export interface Known {
  readonly credential: Credential
  /** The verifier that she means. */
  readonly verifier: Verifier
  readonly head: Head
  /** Whether the Request's root is one that her copy leads to, and that stands. */
  readonly isRootKnown: boolean
  readonly standing: Standing
  readonly documents: readonly AdmissionPolicy[]
  /** Every guest that she knows, the credential's own first. */
  readonly guests: readonly Guest[]
  /** What she answered in this scope before. */
  readonly earlier: LedgerEntry | undefined
  readonly agreement: Agreement
  readonly caution: Caution
  readonly now: number
}

/** Judges a Request: all that speaks against answering it. Bob is the adversary, alone or together with the registrar. */
export function judgeRequest(request: Request, known: Known): Asked {
  const { guests, standing, documents } = known
  const byId = new Map(documents.map((document) => [admissionPolicyId(document), document]))
  const anonymitySet = standing.live.reduce((sum, live) => sum + live, 0)
  // A service that signs under another profile alone cannot have answered: it hides nothing.
  const listed = guests
    .flatMap(({ services }) => services)
    .filter(({ profile }) => profile === request.profile)
  const services = request.services.map((drv) => ({
    drv,
    name: listed.find((service) => equalBytes(service.drv, drv))?.name,
  }))
  const crowd = { anonymitySet, services: services.filter(({ name }) => name !== undefined).length }
  return {
    request,
    verifier: verifierName(known.verifier),
    policies: request.policies.map((id, i) => ({
      id,
      document: byId.get(id),
      simulated: isSimulated(id),
      live: standing.live[i] ?? 0,
      own: standing.own[i] ?? 0,
    })),
    services,
    anonymitySet,
    failures: [
      ...verifierRules(request, known),
      ...registryRules(request, known),
      ...clockRules(request, known),
      ...crowdRules(request, known, crowd),
      ...ownRules(request, known),
    ],
  }
}

/** Among whom, and among what, a proof hides its prover. */
interface Crowd {
  readonly anonymitySet: number
  /** Accepted services that she knows to be run. */
  readonly services: number
}

/** A bundle is worth something to the verifier that made the Request: she must mean that one, and what it asks for. */
const verifierRules = (request: Request, { verifier }: Known): readonly Failure[] => [
  ...broken(
    REQUEST.verifier,
    { request, verifier },
    {
      rule: `the Request must be of the verifier that is meant, ${verifierName(verifier)}`,
      hint: 'another verifier made it, and a relay passed it on: get a Request from the verifier that you mean',
    },
  ),
  ...broken(ANSWER.asks, { request }, { rule: 'the Request must ask for an answer' }),
]

const SYNC_FIRST =
  'alice sync brings the copy up to date, alice sync --every 5m keeps it so: a Request never does, since that would show who answers it'

/** Proven against a registry that is shown to few, or at a root that few stood under, a proof names its prover. */
function registryRules(
  request: Request,
  { credential, head, isRootKnown, caution, now }: Known,
): readonly Failure[] {
  const { registry } = credential
  const ages = agesOf(caution)
  return [
    ...broken(
      REQUEST.registry,
      { request, registry },
      {
        rule: 'the Request must name the registry that the credential is in',
      },
    ),
    ...broken(
      HEAD.age,
      { head, ages, now },
      {
        rule: `the head of your copy must be at most ${ages.headAge} s old: an older one may be kept for a few`,
        hint: SYNC_FIRST,
      },
    ),
    ...broken(HEAD.ahead, { head, ages, now }, { rule: 'the head must not be ahead of the clock' }),
    ...unless(isRootKnown, {
      code: 'ROOT_NOT_ACCEPTED',
      rule: "the Request's root must be that of your copy's head, or the one it lets stand: under another few may have stood",
      given: toHex(fieldToBytes(request.root)),
      hint: SYNC_FIRST,
    }),
  ]
}

/** Asked with one `now` after another, a credential shows when it expires. */
function clockRules(request: Request, { caution, now }: Known): readonly Failure[] {
  const rule = "the Request's now must be near the clock: asked with one now after another, an expiry shows"
  const judged = { request, ages: agesOf(caution), now }
  return [
    ...broken(REQUEST.age, judged, { rule, given: `${now - request.now} s ago` }),
    ...broken(REQUEST.ahead, judged, { rule, given: `${request.now - now} s ahead` }),
  ]
}

/** A proof hides its prover among those who could have made it, and among no others. */
function crowdRules(
  request: Request,
  { isRootKnown, earlier, agreement, caution }: Known,
  { anonymitySet, services }: Crowd,
): readonly Failure[] {
  const { context } = request
  const { minimumSet, minimumServices } = caution
  return [
    ...unless(!isRootKnown || anonymitySet >= minimumSet, {
      code: 'SET_TOO_SMALL',
      rule: `${minimumSet} live leaves of others, under the accepted policies and at the Request's root, are the fewest to hide among`,
      given: `${anonymitySet}`,
      hint: 'wait until more have enrolled; or lower the minimum, and be one of few',
    }),
    ...unless(services >= minimumServices, {
      code: 'TOO_FEW_SERVICES',
      rule: `a Request must accept ${minimumServices} services at least that a guest known here runs: among fewer, it says which one answered`,
      given: `${services} of the ${request.services.length} that it accepts`,
      hint: 'the listing of another guest makes its services known: --guest',
    }),
    ...unless(context === undefined || earlier !== undefined || isSame(context, agreement.context), {
      code: 'CONTEXT_NOT_AGREED',
      rule: 'a context links all proofs under it, so it must be agreed to',
      given: shown(context === undefined ? '' : toHex(context)),
    }),
  ]
}

/** What her own credential must be for any of it to be provable. */
const ownRules = (
  request: Request,
  { credential, head, isRootKnown, standing }: Known,
): readonly Failure[] => [
  ...unprovable(request, credential),
  ...unless(!isRootKnown || standing.index !== undefined, absence(credential, head)),
]

/** Why a credential is not in the registry: not yet, or no more. */
function absence({ admittedAt }: Credential, head: Head): Failure {
  if (head.time <= admittedAt) {
    return {
      code: 'CREDENTIAL_UNPUBLISHED',
      rule: 'the credential must be in a published head',
      hint: 'the registrar cuts one every few minutes: sync after the next, and have the Request made at it',
    }
  }
  return {
    code: 'LEAF_MISSING',
    rule: "the credential must be in the registry at the Request's root",
    hint: 'it was removed, or the Request was made before it was published',
  }
}

const isSame = (a: Uint8Array, b: Uint8Array | undefined): boolean => b !== undefined && equalBytes(a, b)
