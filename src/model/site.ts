/** What a site is up to, worst first; exactly one holds at a time and is what dashboards count. */
export const SITE_STATES = [
  'held', // something must be decided before anything is applied
  'failed', // the last apply failed
  'drifted', // the site was edited and the edit is not decided yet
  'pending', // a newer desired tree waits to be applied
  'applying', // an apply is under way
  'synced', // applied and observed are what the plan asks for
] as const;
export type SiteState = (typeof SITE_STATES)[number];

/** The facts that decide a site's state. */
export interface SiteFacts {
  desiredDigest: string | null;
  observedDigest: string | null;
  appliedDigest: string | null;
  /** An apply is owed whatever the digests say: the site went back to the plan, or an operator asked for it. */
  applyForced: boolean;
  hold: string | null;
  applying: boolean;
  openDrifts: number;
  lastApplyFailed: boolean;
}

/** Decides the one state that a site is in. */
export function siteState(facts: SiteFacts): SiteState {
  if (facts.hold !== null) return 'held';
  if (facts.applying) return 'applying';
  if (facts.lastApplyFailed) return 'failed';
  if (facts.openDrifts > 0 || facts.observedDigest !== facts.desiredDigest) return 'drifted';
  if (facts.applyForced || facts.appliedDigest !== facts.desiredDigest) return 'pending';
  return 'synced';
}
