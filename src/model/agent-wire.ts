import { z } from 'zod';

/**
 * What an agent and the centre say to each other over HTTPS, held to these schemas on both ends. Bundles themselves
 * are files of their own format; on a stick they are all there is. Times are milliseconds since 1970, commits full
 * lower-case ids.
 */

/** Media type of a bundle, either way. It is compressed in itself. */
export const BUNDLE_MEDIA_TYPE = 'application/x-git-bundle';
/** Longest that a nudge is waited for (seconds). */
export const MAX_WAIT = 60;
/** Commits that one request may say the site has. */
export const MAX_HAVE = 16;

const Commit = z.string().regex(/^[0-9a-f]{40}$/, 'is not a full commit id');
const Time = z.int().min(0);
const Count = z.int().min(0);
const Words = z.string().max(4_000);

/** An OpenSSH public key on one line, as `ssh-keygen` writes it; Ed25519 alone. */
export const PublicKey = z
  .string()
  .max(400)
  .regex(
    /^ssh-ed25519 [A-Za-z0-9+/]+={0,2}(?: [\x20-\x7e]*)?$/,
    'is not an ssh-ed25519 public key',
  );

/** `POST /api/v1/enroll`: a one-time code becomes a token and a registered key. No token is sent with it. */
export const EnrollRequest = z
  .strictObject({
    code: z.string().max(200),
    publicKey: PublicKey.meta({
      description: 'Of the key pair made at the site; it signs what comes back.',
    }),
    /** Free words on what enrols: its host name, its version. */
    host: z.string().max(255).optional(),
    version: z.string().max(64).optional(),
  })
  .meta({ id: 'EnrollRequest' });
export type EnrollRequest = z.output<typeof EnrollRequest>;

/**
 * Asked again with the same code and the same key (the answer was lost), it gives a fresh token as long as the code
 * has not expired and the earlier token was never used.
 */
export const EnrollAnswer = z
  .object({
    site: z.string(),
    token: z.string().meta({ description: 'Told this once. Reaches this one site.' }),
    allowedSigners: z
      .string()
      .meta({ description: "The centre's signing keys, as an allowed-signers file of OpenSSH." }),
    now: Time.meta({ description: "The centre's clock." }),
  })
  .meta({ id: 'EnrollAnswer' });
export type EnrollAnswer = z.output<typeof EnrollAnswer>;

/** Query of `GET /api/v1/sites/:name/bundle`: newest desired commits that the site holds (none: the full bundle). */
export const BundleQuery = z.object({
  have: z
    .string()
    .max(41 * MAX_HAVE)
    .regex(/^[0-9a-f]{40}(?:,[0-9a-f]{40})*$/, 'is not a list of full commit ids')
    .optional(),
});
export type BundleQuery = z.output<typeof BundleQuery>;

/** Query of `GET /api/v1/sites/:name/nudge`; in URLs all of it is text. */
export const NudgeQuery = z.object({
  desired: Commit.optional().meta({
    description: 'The desired commit that the site has: answered as soon as there is another.',
  }),
  wait: z.coerce.number().int().min(0).max(MAX_WAIT).default(0).meta({ description: 'Seconds.' }),
  now: z.coerce.number().int().min(0).optional().meta({ description: "The agent's clock." }),
  owed: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Commits and run reports that the centre has not confirmed yet.' }),
});
export type NudgeQuery = z.output<typeof NudgeQuery>;

/** What the centre has of a site; from it an agent works out what to fetch and what to send. */
export const CentreState = z
  .object({
    site: z.string(),
    desired: Commit.nullable(),
    generation: Count,
    observed: Commit.nullable(),
    applied: Commit.nullable(),
    results: Commit.nullable(),
    sequence: Count.meta({
      description: 'Of the newest return bundle that was taken in; 0: none.',
    }),
    now: Time.meta({ description: "The centre's clock." }),
    /** SHA-256 of the centre's allowed-signers text: another than known means that keys were rotated. */
    signers: z.string(),
  })
  .meta({ id: 'CentreState' });
export type CentreState = z.output<typeof CentreState>;

/**
 * Answer of `GET /api/v1/sites/:name/signers`. Keys are rotated: a site believes the text if one of the keys that it
 * trusts already signed it.
 */
export const SignersAnswer = z
  .object({
    allowedSigners: z.string().max(100_000),
    signatures: z.array(z.string().max(4_000)).max(16).meta({
      description: 'SSHSIG (armored, namespace git) over the text, one of each key in use.',
    }),
  })
  .meta({ id: 'SignersAnswer' });
export type SignersAnswer = z.output<typeof SignersAnswer>;

/**
 * Answer of `POST /api/v1/sites/:name/bundle` (body: a return bundle). The same bundle again is answered the same
 * and changes nothing; an older one (`accepted: false`) is answered with what the centre has.
 */
export const ReturnAnswer = CentreState.extend({
  accepted: z.boolean(),
  reports: z
    .array(z.string())
    .meta({ description: 'Ids of the run reports that the bundle held and the centre has.' }),
}).meta({ id: 'ReturnAnswer' });
export type ReturnAnswer = z.output<typeof ReturnAnswer>;

/**
 * How a site does, by its agent's own word: `status.json` at the top of the tree of `refs/heads/results`, so that it
 * comes back on a stick as well.
 */
export const AgentStatus = z
  .object({
    /** When it was written, by the agent's clock. */
    at: Time,
    version: z.string().max(64),
    /** The desired commit that the working copy came from, and the newest one that the site holds. */
    base: Commit.nullable(),
    desired: Commit.nullable(),
    generation: Count,
    /**
     * What counts as applied, as the site's own row has it: the desired commit, the digest of the tree that was run
     * (with the edits that were in it), and when that was. It moves without a run where a new desired tree asks for
     * what was applied before.
     */
    applied: z
      .object({ commit: Commit, digest: z.string().max(64), at: Time.nullable() })
      .nullable(),
    /** Whether the last apply failed. */
    failed: z.boolean(),
    /** Why nothing is applied there, for people; null: nothing keeps it. */
    hold: Words.nullable(),
    /** Paths where plan and site disagree and the site waits for a decision. */
    conflicts: z.array(z.string().max(4_096)).max(10_000),
    /** What the lock-out guard did last: it restored the last good tree, and why; null: nothing. */
    guard: Words.nullable(),
    /** What the agent does next, in one sentence. */
    message: Words,
  })
  .meta({ id: 'AgentStatus' });
export type AgentStatus = z.output<typeof AgentStatus>;

/** Where `AgentStatus` and the run reports (`runs/<id>.json`) stand in the tree of the results branch. */
export const STATUS_PATH = 'status.json';
export const REPORTS_FOLDER = 'runs';

/**
 * A run report in the results branch: `runs/<id>.json`. `commit` is the tree that was run (an observed commit of the
 * site), `revision` the plan's at that time.
 */
export const RunOutcome = z.enum([
  'success',
  'failed',
  'unreachable',
  'timeout',
  'cancelled',
  'error',
]);

const HostCounts = z.object({
  ok: Count,
  changed: Count,
  failed: Count,
  unreachable: Count,
  skipped: Count,
});

export const SiteRun = z.object({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/, 'is not the id of a run'),
  cause: z.string().max(1_000),
  commit: Commit,
  /** The desired commit that was applied with it; becomes the site's applied commit where the run succeeded. */
  desired: Commit,
  revision: z.string().max(64),
  report: z.object({
    kind: z.enum(['apply', 'check']),
    driver: z.string().max(64),
    site: z.string().max(64),
    digest: z.string().max(64),
    startedAt: Time,
    endedAt: Time,
    result: RunOutcome,
    reason: z.string().max(100_000),
    outputs: z.record(z.string().max(255), z.json()).optional(),
    outputFaults: z
      .array(z.object({ name: z.string().max(255), reason: z.string().max(4_000) }))
      .max(1_000)
      .optional(),
    hosts: z.record(z.string().max(255), HostCounts),
    tasks: z
      .array(
        z.object({
          host: z.string().max(255),
          playbook: z.string().max(4_096),
          name: z.string().max(4_096),
          path: z.string().max(4_096),
          action: z.string().max(255),
          status: z.enum(['ok', 'changed', 'failed', 'unreachable', 'skipped', 'unverifiable']),
          duration: z.number().min(0),
          message: z.string().max(100_000).optional(),
          diff: z.string().max(1_000_000).optional(),
          truncated: z.boolean().optional(),
          handler: z.boolean().optional(),
          ignored: z.boolean().optional(),
        }),
      )
      .max(100_000),
  }),
});
export type SiteRun = z.output<typeof SiteRun>;
