import {
  hostAndPort,
  type Limits,
  type ListeningPlace,
  type RunningServer,
  startServer,
  TlsIdentity,
  type TlsOptions,
} from '@vouch/host/http'
import type { Terminal } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'
import { PEER_LIMITS, REGISTRAR_LIMITS } from '@vouch/registry/node'
import { type NodeService, peerSiteOf } from './http.js'

/** Where a node's peers ask it to sign, and who issues their certificates. */
export interface PeerOptions {
  readonly peersListen?: string
  readonly tlsClientCa?: string
}

const LIMITS: Limits = { ...REGISTRAR_LIMITS, ...PEER_LIMITS }

/** A node among peers who know one another by their certificates. */
export interface MutualPeers {
  /** What the node shows, when it asks and when it is asked. */
  readonly tls: TlsIdentity
  serve(node: NodeService, place: Pick<ListeningPlace, 'meter' | 'onRequest'>): Promise<RunningServer>
}

/** Reads what a node shows its peers; undefined where peers are strangers like any other. */
export async function mutualPeers(
  out: Terminal,
  { peersListen, tlsClientCa, tlsCert, tlsKey }: PeerOptions & TlsOptions,
): Promise<MutualPeers | undefined> {
  if (peersListen === undefined && tlsClientCa === undefined) return undefined
  if (
    peersListen === undefined ||
    tlsClientCa === undefined ||
    tlsCert === undefined ||
    tlsKey === undefined
  ) {
    throw new VouchError('USAGE', {
      rule: '--peers-listen and --tls-client-ca are given both or neither, and with --tls-cert and --tls-key',
    })
  }
  const say = (said: string): void => out.words(`${out.program}: ${said}`)
  const address = hostAndPort(peersListen, '--peers-listen')
  const tls = await TlsIdentity.open({ cert: tlsCert, key: tlsKey, clientCa: tlsClientCa }, say)
  return {
    tls,
    serve: async (node, { meter, onRequest }) => {
      const server = await startServer(
        peerSiteOf(node),
        { ...address, tls, meter, onRequest, origins: [] },
        LIMITS,
      )
      say(`signs for peers at ${server.url}`)
      return server
    },
  }
}
