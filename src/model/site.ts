/** What a site is up to, worst first; exactly one holds at a time and is what dashboards count. */
export const SITE_STATES = [
  'held', // something must be decided before anything is applied
  'failed', // the last apply failed
  'drifted', // the site was edited and the edit is not decided yet
  'applying', // an apply is under way
  'pending', // a newer desired tree waits to be applied
  'synced', // what the plan asks for is applied
] as const;
export type SiteState = (typeof SITE_STATES)[number];

/** The facts that decide a site's state. */
export interface SiteFacts {
  /** The commit of the newest desired tree, and of the one that the last successful apply brought. */
  desiredCommit: string | null;
  appliedCommit: string | null;
  /** An apply is owed whatever was applied before: the site went back to the plan, or somebody asked for it. */
  applyForced: boolean;
  hold: string | null;
  /** What others have to do before the newest plan can be rendered or applied here. */
  waitsFor: string | null;
  applying: boolean;
  openDrifts: number;
  lastApplyFailed: boolean;
}

/** Decides the one state that a site is in. */
export function siteState(facts: SiteFacts): SiteState {
  if (facts.hold !== null) return 'held';
  if (facts.applying) return 'applying';
  if (facts.lastApplyFailed) return 'failed';
  if (facts.openDrifts > 0) return 'drifted';
  if (facts.waitsFor !== null) return 'pending';
  if (facts.applyForced || facts.appliedCommit !== facts.desiredCommit) return 'pending';
  return 'synced';
}
