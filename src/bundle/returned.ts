import type { Created, ReceivedReturn, ReturnBundleOptions, ReturnIntake } from './types.ts';

/** Writes the bundle that brings back what a site observed and did. */
export async function createReturnBundle(_options: ReturnBundleOptions): Promise<Created> {
  throw new Error('not there yet');
}

/** Takes the objects of a return bundle in, if all of it is good; nothing changes otherwise. */
export async function intakeReturn(_options: ReturnIntake): Promise<ReceivedReturn> {
  throw new Error('not there yet');
}
