/** Bounds on a bundle that comes from somewhere else. */
export interface BundleLimits {
  /** Of the whole file. */
  bytes: number;
  /** Of all objects together, unpacked. */
  unpacked: number;
  /** Of one object, unpacked. */
  object: number;
  objects: number;
  refs: number;
  prerequisites: number;
  /** Bytes before the pack. */
  header: number;
  commits: number;
  /** Folders within folders. */
  depth: number;
  /** Seconds for each call of git. */
  seconds: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: BundleLimits = {
  bytes: 64 * MIB,
  unpacked: 512 * MIB,
  object: 32 * MIB,
  objects: 200_000,
  refs: 16,
  prerequisites: 64,
  header: 64 * 1024,
  commits: 20_000,
  depth: 64,
  seconds: 60,
};

/**
 * What is made for a stick stays within these: half of what is taken in, in every respect in which it can grow with
 * the time that a site is alone.
 */
export const STICK_LIMITS: BundleLimits = {
  ...DEFAULT_LIMITS,
  bytes: DEFAULT_LIMITS.bytes / 2,
  unpacked: DEFAULT_LIMITS.unpacked / 2,
  objects: DEFAULT_LIMITS.objects / 2,
  commits: DEFAULT_LIMITS.commits / 2,
};

/** What is sent stays within these: a transfer that breaks off begins anew, and the answer is waited for. */
export const PUSH_LIMITS: BundleLimits = {
  ...STICK_LIMITS,
  bytes: 8 * MIB,
  unpacked: 64 * MIB,
  objects: 20_000,
  commits: 2_000,
};
