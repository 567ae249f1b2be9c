import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Drift, Page, Run, SiteDetail } from '../../server/wire.ts';
import { getText } from '../api.ts';
import { AgentCard } from '../parts/agent.tsx';
import { Badge, Commit, Fact, Facts, Fault, Time } from '../parts/bits.tsx';
import { Diff } from '../parts/diff.tsx';
import { Explain, type Question } from '../parts/explain.tsx';
import { Files } from '../parts/files.tsx';
import { ProposalSummary } from '../parts/proposal-summary.tsx';
import { Runs } from '../parts/runs.tsx';
import { useResource } from '../resource.ts';

/** One site: how it stands, what was edited there, what the plan could learn from it, and where lines come from. */
export function SitePage({ name }: { name: string }) {
  const at = `/sites/${encodeURIComponent(name)}`;
  const { data, fault } = useResource<SiteDetail>(at);
  const question = useSignal<Question | undefined>(undefined);
  const site = data.value;
  const edited = site?.observed.digest !== null && site?.observed.digest !== site?.desired.digest;
  const diff = useResource(site && edited ? `${at}/diff` : undefined, getText);
  const runs = useResource<Page<Run>>(`${at}/runs?limit=20`);
  useEffect(() => {
    document.title = `${name} · trueup`;
  }, [name]);

  const ask = (what: Question): void => {
    question.value = what;
  };
  return (
    <>
      <h1>
        {name} {site && <Badge state={site.state} />}
      </h1>
      <Fault text={fault.value} />
      {site && (
        <>
          <p class="lead">{site.message}</p>
          <Conditions site={site} />
          {site.agent && <AgentCard agent={site.agent} />}
          {site.openDrifts.map((drift) => (
            <Edit key={drift.id} drift={drift} />
          ))}
          {edited && diff.data.value !== undefined && diff.data.value !== '' && (
            <section>
              <h2>What was found there</h2>
              <p class="faint">
                The plan’s tree → the site. Click a line to learn where it comes from.
              </p>
              <Diff
                text={diff.data.value}
                label={`Differences at ${name}`}
                explain={(file, line) => ask({ file, line })}
              />
            </section>
          )}
          {question.value && (
            <Explain
              site={name}
              question={question.value}
              ask={ask}
              close={() => {
                question.value = undefined;
              }}
            />
          )}
          <Files site={name} commit={site.desired.commit} ask={ask} />
          <Runs runs={runs.data.value?.items ?? []} />
        </>
      )}
    </>
  );
}

function Conditions({ site }: { site: SiteDetail }) {
  const { desired, observed, applied, hold, labels, imports, waitsFor } = site;
  const stale = imports.find((one) => one.stale !== null)?.stale ?? null;
  const inPlace = observed.digest !== null && observed.digest === desired.digest;
  const conditions: [boolean, string][] = [
    [desired.commit !== null, desired.commit === null ? 'not rendered yet' : 'rendered'],
    [inPlace, inPlace ? 'as the plan has it' : 'differs from the plan'],
    [
      applied.commit !== null && applied.commit === desired.commit,
      applied.commit === desired.commit ? 'applied' : 'an apply is owed',
    ],
    [hold === null, hold ?? 'nothing held'],
    ...(waitsFor === null ? [] : [[false, `waits for ${waitsFor}`] as [boolean, string]]),
    ...(imports.length === 0
      ? []
      : [[stale === null, stale ?? 'imports are up to date'] as [boolean, string]]),
  ];
  return (
    <section class="card">
      <ul class="conditions" aria-label="Conditions">
        {conditions.map(([good, text], index) => (
          <li key={index} class={good ? 'good' : 'bad'}>
            <span aria-hidden="true">{good ? '✓' : '✗'}</span> {text}
          </li>
        ))}
      </ul>
      <Facts>
        <Fact name="Labels">
          {Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(', ')}
        </Fact>
        <Fact name="Stacks">{site.stacks.join(', ')}</Fact>
        <Fact name="Delivery">{site.delivery}</Fact>
        <Fact name="Generation">{site.generation}</Fact>
        <Fact name="Wanted revision">
          <Commit id={desired.revision} />
        </Fact>
        <Fact name="Applied revision">
          <Commit id={applied.revision} />
        </Fact>
        <Fact name="Last applied">
          <Time at={applied.at} />
        </Fact>
      </Facts>
    </section>
  );
}

function Edit({ drift }: { drift: Drift }) {
  return (
    <section class="card">
      <h2>An edit waits for a decision</h2>
      <Facts>
        <Fact name="By">{drift.author}</Fact>
        <Fact name="Found">
          <Time at={drift.detectedAt} />
        </Fact>
        <Fact name="Files">{drift.paths.join(', ')}</Fact>
        {drift.message !== '' && <Fact name="Told">{drift.message}</Fact>}
      </Facts>
      {drift.proposalId === null ? (
        <p>Its proposal is on its way.</p>
      ) : (
        <ProposalSummary id={drift.proposalId} />
      )}
    </section>
  );
}
