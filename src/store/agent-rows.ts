import type { AgentStatus } from '../model/agent-wire.ts';

/** What is known of the agent at a site: who it is, what it last told, and how far its history has come. */
export interface AgentRow {
  site: string;
  /** What signs the bundles that come back, and the token that it asks with; null: none is enrolled. */
  publicKey: string | null;
  tokenId: string | null;
  /** Enrolled anew, and not used yet: with its first use these take the place of the ones above. */
  nextPublicKey: string | null;
  nextTokenId: string | null;
  enrolledAt: number | null;
  revokedAt: number | null;
  /** When it last asked for anything, and when a bundle of it was last taken in, whichever way it came. */
  lastContactAt: number | null;
  lastReturnAt: number | null;
  /** Of the newest return bundle of the key in force; 0: none. */
  lastSequence: number;
  /** The newest commit of the site's own history that came back; the row of the site may be ahead of it. */
  observed: string | null;
  /** The newest desired commit in that history, and its generation. */
  base: string | null;
  baseGeneration: number | null;
  applied: string | null;
  results: string | null;
  /** Milliseconds by which its clock is ahead of ours. */
  clockSkew: number | null;
  /** Commits and reports that it has not got rid of yet, by its own word. */
  owed: number | null;
  /** Paths that plan and site changed in ways that do not go together, as the centre works it out. */
  conflicts: string[];
  status: AgentStatus | null;
}

/** What an agent is told at each look. */
export type AgentStanding = {
  [Column in 'observed' | 'applied' | 'results' | 'nextTokenId']: string | null;
} & { desired: string | null; generation: number; sequence: number | null };

export type AgentChange = Partial<Omit<AgentRow, 'site'>>;

/** A code that an agent enrols with, once. Only its hash is kept. */
export interface EnrollmentCodeRow {
  id: string;
  site: string;
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  usedAt: number | null;
  /** The public key that it was used with. */
  usedByKey: string | null;
}

/** A decision on an edit at a site with an agent, until the site's history shows that it got there. */
export interface AgentDecisionRow {
  driftId: string;
  site: string;
  /** The commit of the site's own history that holds the edit. */
  observed: string;
  decision: 'adopted' | 'rejected';
  fingerprint: string;
  /** Of the first desired commit that carries it; null: none does yet. */
  generation: number | null;
  confirmedAt: number | null;
}
