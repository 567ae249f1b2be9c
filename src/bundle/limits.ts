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
