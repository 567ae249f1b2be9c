import type { ComponentChildren } from 'preact';

/** A word for a state, with a colour that says no more than the word. */
export function Badge({ state }: { state: string }) {
  return <span class={`badge ${state}`}>{state}</span>;
}

/** A time as people here read it; the exact one when pointed at. */
export function Time({ at, none = 'never' }: { at: string | null; none?: string }) {
  if (at === null) return <span class="faint">{none}</span>;
  return (
    <time dateTime={at} title={at}>
      {new Date(at).toLocaleString()}
    </time>
  );
}

/** The first characters of a commit; all of them when pointed at. */
export function Commit({ id }: { id: string | null }) {
  if (!id) return <span class="faint">none</span>;
  return <code title={id}>{id.slice(0, 8)}</code>;
}

export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Fault({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="fault" role="alert">
      {text}
    </p>
  );
}

/** A link to somewhere else, where that is a web address at all. */
export function Outward({ to, children }: { to: string; children: ComponentChildren }) {
  if (!/^https?:\/\//.test(to)) return <>{children}</>;
  return (
    <a href={to} rel="noreferrer noopener">
      {children}
    </a>
  );
}
