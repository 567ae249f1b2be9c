import type { Created, DesiredIntake, ReceivedDesired, SiteBundleOptions } from './types.ts';

/** Writes the bundle that brings a site what is desired there. */
export async function createSiteBundle(_options: SiteBundleOptions): Promise<Created> {
  throw new Error('not there yet');
}

/** Takes the objects of a bundle in, if all of it is good; nothing changes otherwise. */
export async function intakeDesired(_options: DesiredIntake): Promise<ReceivedDesired> {
  throw new Error('not there yet');
}
