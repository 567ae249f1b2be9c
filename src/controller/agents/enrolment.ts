import { timingSafeEqual } from 'node:crypto';

import type { EnrollAnswer, EnrollRequest } from '../../model/agent-wire.ts';
import { UserError } from '../../model/errors.ts';
import { sha256 } from '../../model/tree.ts';
import { EnrollRefused } from '../../server/agent-options.ts';
import type { AgentRow } from '../../store/agent-rows.ts';
import type { Store } from '../../store/store.ts';
import type { Logger } from '../../telemetry/logger.ts';

export interface EnrolmentOptions {
  store: Store;
  /** Milliseconds that a code is good for. */
  codeLifetime: number;
  /** The centre's signing keys, as an allowed-signers file. */
  allowedSigners: () => string;
  log: Logger;
  now: () => number;
  /** What a site's agent may do has changed. */
  onChanged: (site: string) => void;
}

/** The name of a site's agent in the audit. */
export function agentName(site: string): string {
  return `agent:${site}`;
}

/** Lets agents in and out: a one-time code becomes a token and a key that is believed. */
export class Enrolment {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /** Makes a code for a site, in the place of an earlier one; or lets a key in that was carried here. */
  async invite(
    site: string,
    { by, publicKey }: { by: string; publicKey?: string | undefined },
  ): Promise<{ code: string | null; expiresAt: number | null; allowedSigners: string }> {
    const { store, codeLifetime, allowedSigners, now } = this.#options;
    const row = await store.sites.get(site);
    if (!row || row.removedAt !== null) throw new UserError(`the plan has no site "${site}"`);
    if (row.delivery !== 'agent') {
      throw new UserError(
        `the plan delivers to ${site} by push: write "delivery: agent" into its file first`,
      );
    }
    return store.transaction(async (tx) => {
      if (publicKey !== undefined) {
        await this.#admit(tx, site, { publicKey, tokenId: null });
        await tx.audit.append({
          at: now(),
          actor: by,
          action: 'agent.admitted',
          subject: site,
          detail: { key: keyFingerprint(publicKey) },
        });
        return { code: null, expiresAt: null, allowedSigners: allowedSigners() };
      }
      const { code, row: made } = await tx.enrollmentCodes.create({
        site,
        by,
        lifetime: codeLifetime,
      });
      await tx.audit.append({
        at: now(),
        actor: by,
        action: 'agent.invited',
        subject: site,
        detail: { expiresAt: made.expiresAt },
      });
      return { code, expiresAt: made.expiresAt, allowedSigners: allowedSigners() };
    });
  }

  /**
   * Takes a code in. The key and token of before stay good until the new ones are used. The same code and key again
   * (the answer was lost) get another token, as long as the one before was never used.
   * @throws EnrollRefused
   */
  async enroll(request: EnrollRequest): Promise<EnrollAnswer> {
    const { store, allowedSigners, now, log } = this.#options;
    const publicKey = plainKey(request.publicKey);
    const { site, token } = await store.transaction(async (tx) => {
      const code = await tx.enrollmentCodes.find(request.code);
      const row = code && (await tx.sites.get(code.site));
      if (!code || !row || row.removedAt !== null) throw new EnrollRefused();
      const agent = await tx.agents.get(code.site);
      const again = code.usedAt !== null;
      if (again && !(sameText(code.usedByKey ?? '', publicKey) && isUnused(agent, publicKey)))
        throw new EnrollRefused();
      await tx.enrollmentCodes.use(code.id, publicKey);
      const name = `${agentName(code.site)}:${code.id}`;
      if (again) await tx.tokens.revoke(name);
      const made = await tx.tokens.create(name, `site:${code.site}`);
      await this.#admit(tx, code.site, { publicKey, tokenId: made.row.id });
      await tx.audit.append({
        at: now(),
        actor: agentName(code.site),
        action: 'agent.enrolled',
        subject: code.site,
        detail: {
          key: keyFingerprint(publicKey),
          invitedBy: code.createdBy,
          host: request.host ?? '',
          version: request.version ?? '',
        },
      });
      return { site: code.site, token: made.token };
    });
    log.info({ site, key: keyFingerprint(publicKey) }, 'an agent enrolled');
    return { site, token, allowedSigners: allowedSigners(), now: now() };
  }

  /** The key and token that were enrolled last are used: from now on only they count. */
  async confirm(site: string): Promise<AgentRow | undefined> {
    const { store, log, now, onChanged } = this.#options;
    const after = await store.transaction(async (tx) => {
      const agent = await tx.agents.get(site);
      if (!agent || agent.nextPublicKey === null) return agent;
      if (agent.tokenId !== null) await tx.tokens.revokeById(agent.tokenId);
      await tx.audit.append({
        at: now(),
        actor: agentName(site),
        action: 'agent.confirmed',
        subject: site,
        detail: { key: keyFingerprint(agent.nextPublicKey) },
      });
      return tx.agents.put(site, {
        publicKey: agent.nextPublicKey,
        tokenId: agent.nextTokenId,
        nextPublicKey: null,
        nextTokenId: null,
        // Each key counts for itself.
        lastSequence: 0,
        revokedAt: null,
      });
    });
    log.info({ site }, 'a key that was enrolled is used: the one before is worth nothing any more');
    onChanged(site);
    return after;
  }

  /** Ends the key, the token and the code of a site; may be repeated. */
  async revoke(site: string, by: string): Promise<void> {
    const { store, log, now, onChanged } = this.#options;
    await store.transaction(async (tx) => {
      const agent = await tx.agents.get(site);
      await tx.enrollmentCodes.drop(site);
      for (const id of [agent?.tokenId, agent?.nextTokenId]) if (id) await tx.tokens.revokeById(id);
      await tx.agents.put(site, {
        publicKey: null,
        tokenId: null,
        nextPublicKey: null,
        nextTokenId: null,
        revokedAt: now(),
      });
      await tx.audit.append({
        at: now(),
        actor: by,
        action: 'agent.revoked',
        subject: site,
        detail: { key: agent?.publicKey ? keyFingerprint(agent.publicKey) : null },
      });
    });
    log.warn({ site, by }, 'the agent was let out: its token and key are worth nothing any more');
    onChanged(site);
  }

  /** A key to believe: at once where there is none, else from its first use on. */
  async #admit(
    tx: Store,
    site: string,
    { publicKey, tokenId }: { publicKey: string; tokenId: string | null },
  ): Promise<void> {
    const agent = await tx.agents.get(site);
    const enrolledAt = agent?.enrolledAt ?? this.#options.now();
    if (agent?.nextTokenId && agent.nextTokenId !== tokenId)
      await tx.tokens.revokeById(agent.nextTokenId);
    await tx.agents.put(site, {
      enrolledAt,
      nextPublicKey: plainKey(publicKey),
      nextTokenId: tokenId,
    });
  }
}

/** The key without its comment. */
export function plainKey(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(' ');
}

/** As `ssh-keygen -l` names a key. */
export function keyFingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  const digest = Buffer.from(sha256(blob), 'hex').toString('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** Whether a key that was enrolled waits for its first use. */
function isUnused(agent: AgentRow | undefined, publicKey: string): boolean {
  return agent?.nextPublicKey === publicKey;
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a), 'hex'), Buffer.from(sha256(b), 'hex'));
}
