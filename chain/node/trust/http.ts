import {
  jsonAnswer,
  jsonResponse,
  openApiDocument,
  postOperation,
  type Routes,
  refusal,
  type Site,
} from '@vouch/host/http'
import type { Failure, Json } from '@vouch/protocol'
import { ADMITTING_PATHS, ADMITTING_SCHEMAS, type Admitter, admittingRoutes } from '@vouch/registry/node'
import {
  type Endorsement,
  endorsementCodec,
  MAX_PROPOSAL_BYTES,
  type Proposal,
  parseProposal,
  printEndorsement,
  proposalCodec,
} from '../../src/proposal.js'

const PEER_PATHS = {
  '/admissions': postOperation(
    'asks this node to sign as well',
    'Proposal',
    '200',
    jsonResponse('Endorsement', 'its signature on the admission'),
  ),
} as const

/** What a trust node answers strangers and peers. It admits by putting it on chain, with the signatures of its peers. */
export interface NodeService extends Admitter {
  /** Judges what a peer proposes, and signs it or says why not. */
  endorse(proposal: Proposal, from: string): Promise<Endorsement | readonly Failure[]>
}

/** Every route, one entry each. The document below describes the same ones; a test compares the two. */
export const NODE_ROUTES: Routes<NodeService> = {
  ...admittingRoutes(() => openApi(PEER_PATHS)),
  ...peerRoutes(),
}

/** What peers ask of one another. */
function peerRoutes(): Routes<NodeService> {
  return {
    '/admissions': {
      method: 'POST',
      path: /^\/admissions$/,
      bodyLimit: MAX_PROPOSAL_BYTES,
      pages: false,
      answer: async (service, { body, from }) => {
        const endorsed = await service.endorse(parseProposal(body), from)
        return 'version' in endorsed ? jsonAnswer(printEndorsement(endorsed)) : refusal(endorsed)
      },
    },
  }
}

function openApi(peerPaths: typeof PEER_PATHS | undefined): Json {
  return openApiDocument({
    title: 'Vouch trust node',
    description: 'Verifies enrollments for a registry on chain, signs what it found, and puts it there.',
    paths: { ...ADMITTING_PATHS, ...peerPaths },
    schemas: {
      ...ADMITTING_SCHEMAS,
      Proposal: proposalCodec.schema,
      Endorsement: endorsementCodec.schema,
    },
  })
}

/** What a trust node serves to everybody: peers as well, unless they have an address of their own. */
export function nodeSiteOf(service: NodeService, peersApart = false): Site<NodeService> {
  return siteWith(service, peersApart ? admittingRoutes(() => openApi(undefined)) : NODE_ROUTES)
}

/** What it serves to peers, on an address of theirs. */
export const peerSiteOf = (service: NodeService): Site<NodeService> => siteWith(service, peerRoutes())

const siteWith = (service: NodeService, routes: Routes<NodeService>): Site<NodeService> => ({
  routes,
  service,
  noteRefusal: (from, failures) => service.noteRefusal(from, failures),
})
