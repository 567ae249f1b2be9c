import { sha256 } from './tree.ts';

export type ProposalKind = 'param' | 'template' | 'overlay';
export type Placement = 'origin' | 'site';
export type PlacementChoice = 'auto' | Placement;

/** A change of one plan file: its whole new content (null: the file goes), and the same as a unified diff. */
export interface PlanEdit {
  file: string;
  content: Buffer | null;
  mode: '100644' | '100755';
  patch: string;
}

/** One way of changing the plan so that it renders what was found at the site. */
export interface BackportProposal {
  kind: ProposalKind;
  placement: Placement;
  /** Says the change in a line: `ntp_servers at lisbon-07: 10.20.7.1 → 10.20.7.9`. */
  title: string;
  edits: PlanEdit[];
  /** Paths of the site tree whose difference this explains. */
  explains: string[];
  /** Exactly the sites, and their files, whose rendering these edits change. */
  blastRadius: { site: string; files: string[] }[];
  /** Rendered again and equal to the observed tree on every path in `explains`. */
  verified: boolean;
  notes: string[];
}

/**
 * The answer of working backwards. The first proposal is the recommended one; taken together with every proposal
 * of kind `overlay` it explains every difference that `unexplained` does not list. The rest are alternatives.
 */
export interface BackportResult {
  site: string;
  revision: string;
  proposals: BackportProposal[];
  unexplained: { path: string; reason: string }[];
}

/**
 * The answer of working backwards from several sites that were edited alike: `site` is the first of them. Every
 * proposal renders at each of the sites what was found there; what its blast radius names beside them would change
 * without anybody having made the edit.
 */
export interface FleetResult extends BackportResult {
  /** In order of their names. */
  sites: string[];
  /** Sites whose edit no change explains together with the others: each of them has to be looked at alone. */
  apart: string[];
}

/** pending: to be sent to the forge; open: waits for a decision; the rest are ends. */
export type ProposalState = 'pending' | 'open' | 'merged' | 'closed' | 'obsolete';

/**
 * Names one distinct drift: site, base tree and what stands there now. The same edit found again after a crash
 * has the same fingerprint, and so finds the proposal that was already made for it (law 7).
 */
export function driftFingerprint(site: string, parts: readonly string[]): string {
  return sha256([site, ...parts].join('\0')).slice(0, 16);
}

/** Branch of a proposal; derived, so that a repeated attempt finds the first. */
export function proposalBranch(site: string, fingerprint: string): string {
  return `trueup/${site}/${fingerprint}`;
}

/** Branch of a proposal for several sites; derived from the edit alone, whichever of them is found first. */
export function groupBranch(fingerprint: string): string {
  return `trueup/fleet/${fingerprint}`;
}
