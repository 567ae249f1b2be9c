import { Fault } from '../errors.ts';

type Order = -1 | 0 | 1;

/** Compares two versions; `kind` is one of those of Ansible's test `version`. Throws a Fault for what is none. */
export function compareVersions(a: string, b: string, kind: string): Order {
  if (kind === 'loose') return compareLoose(loose(a), loose(b));
  if (kind === 'strict') return compareLists(strict(a), strict(b));
  if (kind === 'semver' || kind === 'semantic') return compareSemantic(semantic(a), semantic(b));
  throw new Fault(`the version type "${kind}" is not supported`, { hint: 'loose, strict, semver' });
}

type Part = number | string;

/** `LooseVersion`: numbers, words, and what is between. */
function loose(version: string): Part[] {
  return version
    .split(/(\d+|[a-z]+|\.)/)
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function compareLoose(a: Part[], b: Part[]): Order {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i += 1) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (typeof left !== typeof right) {
      throw new Fault(`the versions cannot be compared: ${left} is no match for ${right}`);
    }
    if (left !== right) return left < right ? -1 : 1;
  }
  return order(a.length, b.length);
}

function order(a: number, b: number): Order {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLists(a: number[], b: number[]): Order {
  for (const [i, left] of a.entries()) {
    const result = order(left, b[i] ?? 0);
    if (result !== 0) return result;
  }
  return 0;
}

/** `StrictVersion`: two or three numbers, and `a` or `b` with a number for a pre-release. */
function strict(version: string): number[] {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(version);
  if (!found) throw new Fault(`"${version}" is not a strict version`);
  const [, major, minor, patch = '0', stage, number = '0'] = found;
  const rank = stage === undefined ? 2 : stage === 'b' ? 1 : 0;
  return [Number(major), Number(minor), Number(patch), rank, Number(number)];
}

interface Semantic {
  core: number[];
  pre: string[];
}

const SEMANTIC =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;

function semantic(version: string): Semantic {
  const found = SEMANTIC.exec(version);
  if (!found) throw new Fault(`"${version}" is not a semantic version`);
  const [, major, minor, patch, pre] = found;
  return { core: [Number(major), Number(minor), Number(patch)], pre: pre?.split('.') ?? [] };
}

function compareSemantic(a: Semantic, b: Semantic): Order {
  const core = compareLists(a.core, b.core);
  if (core !== 0) return core;
  if (a.pre.length === 0 || b.pre.length === 0) return order(b.pre.length, a.pre.length);
  for (const [i, left] of a.pre.entries()) {
    const right = b.pre[i];
    if (right === undefined) return 1;
    const numbers = [left, right].map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
    const [x, y] = numbers;
    if (x !== undefined && y !== undefined) {
      if (x !== y) return order(x, y);
    } else if (x !== undefined || y !== undefined) {
      return x !== undefined ? -1 : 1;
    } else if (left !== right) {
      return left < right ? -1 : 1;
    }
  }
  return order(a.pre.length, b.pre.length);
}
