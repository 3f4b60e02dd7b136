import type { Migrations } from '@vouch/host/sql'

/**
 * The registry in a database. `records` is the truth, each chained to the one before it; all else but evidence, signatures and
 * notes follows from it, and `registrar rebuild` makes it anew.
 */
export const SCHEMA: Migrations = [
  `
  CREATE TABLE records (
    n BIGINT PRIMARY KEY,
    type BIGINT NOT NULL,
    body {bytes} NOT NULL,
    hash {bytes} NOT NULL
  );
  CREATE TABLE evidence (
    number BIGINT PRIMARY KEY,
    body {bytes} NOT NULL
  );
  CREATE TABLE members (
    number BIGINT PRIMARY KEY,
    credential {bytes} NOT NULL UNIQUE,
    nonce {bytes} NOT NULL UNIQUE,
    policy_id {bytes} NOT NULL,
    machine {bytes},
    expires_at BIGINT NOT NULL,
    state BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    place BIGINT
  );
  CREATE INDEX members_machine ON members (machine, policy_id);
  CREATE INDEX members_state ON members (state, expires_at);
  CREATE INDEX members_by_place ON members (state, place);
  CREATE UNIQUE INDEX members_place ON members (place) WHERE state IN (1, 2);
  CREATE TABLE free_places (
    place BIGINT PRIMARY KEY
  );
  CREATE TABLE bans (
    machine {bytes} PRIMARY KEY,
    n BIGINT NOT NULL
  );
  CREATE TABLE buckets (
    number BIGINT PRIMARY KEY,
    root {bytes} NOT NULL
  );
  CREATE TABLE notes (
    n BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    line TEXT NOT NULL
  );
  CREATE INDEX notes_order ON notes (kind, n);
  CREATE INDEX notes_kind ON notes (kind, time);
  CREATE TABLE heads (
    seq BIGINT PRIMARY KEY,
    content {bytes} NOT NULL,
    changes {bytes} NOT NULL,
    signer {bytes},
    signature {bytes}
  )
  `,
]

/** What has become of a member. */
export const STATE = {
  /** No head has it yet. */
  waiting: 0,
  /** Its leaf is in its place. */
  published: 1,
  /** It was removed. Its place stays empty until it would have expired: a copy must see that it does not come back. */
  withdrawn: 2,
  /** It has no place, or has given it back. */
  over: 3,
} as const
