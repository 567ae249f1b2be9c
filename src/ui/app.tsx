import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { setToken, token } from './api.ts';
import { connection } from './live.ts';
import { AuditPage } from './pages/audit.tsx';
import { FleetPage } from './pages/fleet.tsx';
import { PreviewPage } from './pages/preview.tsx';
import { PreviewsPage } from './pages/previews.tsx';
import { ProposalPage } from './pages/proposal.tsx';
import { ProposalsPage } from './pages/proposals.tsx';
import { RevisionsPage } from './pages/revisions.tsx';
import { SitePage } from './pages/site.tsx';
import { path } from './route.ts';

const SECTIONS = [
  ['/', 'Fleet'],
  ['/revisions', 'Revisions'],
  ['/proposals', 'Proposals'],
  ['/previews', 'Previews'],
  ['/audit', 'Audit'],
] as const;

export function App() {
  const main = useRef<HTMLElement>(null);
  const at = path.value;
  // Whoever hears the page is told that it is another one.
  useEffect(() => main.current?.focus({ preventScroll: true }), [at]);
  const [section = '', name = ''] = at.split('/').slice(1);
  return (
    <>
      <header class="top">
        <a href="/" class="brand">
          trueup
        </a>
        <nav aria-label="Pages">
          {SECTIONS.map(([to, title]) => (
            <a key={to} href={to} aria-current={isIn(section, to) ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Connection />
        <Operator />
      </header>
      <main ref={main} tabIndex={-1}>
        <Page section={section} name={decode(name)} />
      </main>
    </>
  );
}

function Page({ section, name }: { section: string; name: string }) {
  if (section === '' || (section === 'sites' && name === '')) return <FleetPage />;
  if (section === 'sites') return <SitePage key={name} name={name} />;
  if (section === 'proposals') {
    return name === '' ? <ProposalsPage /> : <ProposalPage key={name} id={name} />;
  }
  if (section === 'previews') {
    return name === '' ? <PreviewsPage /> : <PreviewPage key={name} number={name} />;
  }
  if (section === 'revisions') return <RevisionsPage />;
  if (section === 'audit') return <AuditPage />;
  return <h1>There is nothing here</h1>;
}

function isIn(section: string, to: string): boolean {
  return to === '/' ? section === '' || section === 'sites' : to === `/${section}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const CONNECTIONS = {
  connecting: 'connecting …',
  live: 'live',
  lost: 'no connection: what you see may be old',
  refused: 'reading needs a token',
};

function Connection() {
  return (
    <span class={`connection ${connection.value}`} role="status">
      {CONNECTIONS[connection.value]}
    </span>
  );
}

/** Asks for the token that decisions are made with. */
function Operator() {
  const typed = useSignal('');
  if (token.value) {
    return (
      <button type="button" onClick={() => setToken('')}>
        Forget the token
      </button>
    );
  }
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(typed.value);
        typed.value = '';
      }}
    >
      <label>
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          placeholder="to decide"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit">Use</button>
    </form>
  );
}
