import { readYamlFile } from '@vouch/host/http'
import { type Json, toHex, VouchError } from '@vouch/protocol'
import { type Codec, fixedBytes, list, oneOf, record, text, version } from '@vouch/protocol/codec'

/** What an operator's client may do from afar: look, let a machine come back, remove. */
export type Role = 'view' | 'admit' | 'remove'

interface AdminClient {
  /** SHA-256 of the client's certificate, as DER. */
  readonly certificate: Uint8Array
  /** What the private log calls the client. */
  readonly name: string
  readonly roles: readonly Role[]
}

interface RolesFile {
  readonly version: 1
  readonly clients: readonly AdminClient[]
}

const codec: Codec<RolesFile> = record<RolesFile>({
  version: version(1),
  clients: list(
    record<AdminClient>({
      certificate: fixedBytes(32),
      name: text(64),
      roles: list(oneOf<Role>({ view: 1, admit: 2, remove: 3 }), { min: 1, max: 3, anyOrder: true }),
    }),
    { min: 1, max: 256, anyOrder: true },
  ),
})

/** Who may do what, by the hexadecimal of their certificates. */
export type Roles = ReadonlyMap<string, Pick<AdminClient, 'name' | 'roles'>>

export const readRoles = (path: string): Promise<Roles> => readYamlFile(path, rolesFrom)

export function rolesFrom(json: Json): Roles {
  const { clients } = codec.fromJson(json, 'roles')
  const roles = new Map(clients.map(({ certificate, ...client }) => [toHex(certificate), client]))
  if (roles.size === clients.length) return roles
  throw new VouchError('VALUE_MALFORMED', { rule: 'roles: a certificate is listed twice' })
}

/** The name of a client that has a role; refuses every other. */
export function clientWith(roles: Roles, role: Role, certificate: string | undefined): string {
  const client = certificate === undefined ? undefined : roles.get(certificate)
  if (client?.roles.includes(role)) return client.name
  throw new VouchError('ROLE_NOT_ACCEPTED', {
    rule: `the certificate of the client must have the role ${role} here`,
    given: certificate ?? 'no certificate',
    hint: 'the file of --roles lists certificates by the SHA-256 of their DER form',
  })
}
