import { signal } from '@preact/signals';

import type { Page, Problem } from '../server/wire.ts';

const KEY = 'trueup-token';
/** Pages that are read before a list is called endless. */
const MAX_PAGES = 400;

/** The operator's token: kept for this tab alone, and gone with it. */
export const token = signal(sessionStorage.getItem(KEY) ?? '');

/** Keeps a token for this tab; an empty one forgets it. */
export function setToken(text: string): void {
  const value = text.trim();
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
  token.value = value;
}

/** What the server refused, in its own words. */
export class Fault extends Error {
  override name = 'Fault';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The headers that every request of ours has. */
export function headers(): Record<string, string> {
  return token.value ? { authorization: `Bearer ${token.value}` } : {};
}

/**
 * Reads from the API. What it answers is what its schemas say: the server checks each answer itself.
 * @param at below `/api/v1`, with a slash in front
 * @throws Fault
 */
export async function get<T>(at: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(`/api/v1${at}`, { headers: headers(), ...(signal && { signal }) });
  if (!response.ok) throw await faultOf(response);
  return response.json();
}

/** The same for what is text. */
export async function getText(at: string, signal?: AbortSignal): Promise<string> {
  const response = await fetch(`/api/v1${at}`, { headers: headers(), ...(signal && { signal }) });
  if (!response.ok) throw await faultOf(response);
  return response.text();
}

/** Takes a decision, in the name of the token. Throws `Fault`. */
export async function post<T>(at: string, body?: unknown): Promise<T> {
  const response = await fetch(`/api/v1${at}`, {
    method: 'POST',
    headers: { ...headers(), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await faultOf(response);
  return response.json();
}

/** Reads every page of a list, one by one. */
export async function* pages<T>(at: string, query: Record<string, string>): AsyncGenerator<T[]> {
  let after: string | null = null;
  for (let number = 0; number < MAX_PAGES; number += 1) {
    const asked = new URLSearchParams({ ...query, limit: '500', ...(after !== null && { after }) });
    const page: Page<T> = await get(`${at}?${asked.toString()}`);
    yield page.items;
    after = page.next;
    if (after === null) return;
  }
}

/** What to tell people of whatever was thrown. */
export function tell(error: unknown): string {
  return error instanceof Fault ? error.message : 'The controller cannot be reached.';
}

async function faultOf(response: Response): Promise<Fault> {
  const text = await response.text();
  try {
    const problem: Problem = JSON.parse(text);
    return new Fault(response.status, problem.detail);
  } catch {
    return new Fault(response.status, `${response.status} ${response.statusText}`);
  }
}
