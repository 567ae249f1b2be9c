import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { ProposalDetail } from '../../server/wire.ts';
import { post, tell, token } from '../api.ts';
import { Badge, Commit, Fact, Facts, Fault, Outward, Time } from '../parts/bits.tsx';
import { Change } from '../parts/change.tsx';
import { useResource } from '../resource.ts';

/** One proposal: everything that is needed to decide it, and the decision. */
export function ProposalPage({ id }: { id: string }) {
  const at = `/proposals/${encodeURIComponent(id)}`;
  const { data, fault } = useResource<ProposalDetail>(at);
  const proposal = data.value;
  useEffect(() => {
    document.title = `${proposal?.title ?? 'Proposal'} · trueup`;
  }, [proposal?.title]);
  const made = proposal?.changes.slice(0, proposal.adopted) ?? [];
  const others = proposal?.changes.slice(proposal.adopted) ?? [];
  return (
    <>
      <h1>
        {proposal?.title ?? 'Proposal'} {proposal && <Badge state={proposal.state} />}
      </h1>
      <Fault text={fault.value} />
      {proposal && (
        <>
          <Facts>
            <Fact name="Sites">
              {proposal.sites.slice(0, 20).map((site, index) => (
                <span key={site}>
                  {index > 0 && ', '}
                  <a href={`/sites/${encodeURIComponent(site)}`}>{site}</a>
                </span>
              ))}
              {proposal.sites.length > 20 && ` and ${proposal.sites.length - 20} more`}
            </Fact>
            <Fact name="Kind">{proposal.kind}</Fact>
            <Fact name="Opened">
              <Time at={proposal.openedAt} none="not yet" />
            </Fact>
            <Fact name="Branch">
              <code>{proposal.branch}</code>
            </Fact>
            <Fact name="At">
              <Commit id={proposal.commit} />
            </Fact>
            {proposal.number !== null && (
              <Fact name="Pull request">
                <Outward to={proposal.url ?? ''}>#{proposal.number}</Outward>
              </Fact>
            )}
            {proposal.decidedAt !== null && (
              <Fact name="Decided">
                <Time at={proposal.decidedAt} /> by {proposal.decidedBy}{' '}
                {proposal.closeReason && `(${proposal.closeReason})`}
              </Fact>
            )}
          </Facts>
          <Decide proposal={proposal} at={at} />
          {made.length > 0 && (
            <section class="card">
              <h2>The change of the plan</h2>
              {made.map((change, index) => (
                <Change key={index} change={change} />
              ))}
            </section>
          )}
          {proposal.unexplained.length > 0 && (
            <section class="card">
              <h2>What it does not explain</h2>
              <ul>
                {proposal.unexplained.map(({ path, reason }) => (
                  <li key={path}>
                    <code>{path}</code>: {reason}
                  </li>
                ))}
              </ul>
            </section>
          )}
          {others.length > 0 && (
            <details>
              <summary>
                {others.length} other {others.length === 1 ? 'change' : 'changes'}
              </summary>
              {others.map((change, index) => (
                <section key={index} class="card">
                  <h3>{change.title}</h3>
                  <Change change={change} />
                </section>
              ))}
            </details>
          )}
          <details>
            <summary>The text of the pull request</summary>
            <pre class="quoted">{proposal.body}</pre>
          </details>
        </>
      )}
    </>
  );
}

function Decide({ proposal, at }: { proposal: ProposalDetail; at: string }) {
  const busy = useSignal(false);
  const said = useSignal('');
  const fault = useSignal<string | undefined>(undefined);
  if (proposal.state !== 'open') {
    return <p role="status">{said.value}</p>;
  }
  const decide = async (what: string, done: string, body?: unknown): Promise<void> => {
    busy.value = true;
    fault.value = undefined;
    try {
      await post(`${at}/${what}`, body);
      said.value = done;
    } catch (error) {
      fault.value = tell(error);
    }
    busy.value = false;
  };
  // What was looked at is what is merged: if it has moved, the server refuses.
  const reviewed = proposal.commit === null ? undefined : { commit: proposal.commit };
  const cannot = busy.value || token.value === '';
  const unproved = proposal.changes.length === 0 && proposal.theirs === null;
  return (
    <section class="card decide" aria-label="Decision">
      {token.value === '' && (
        <p>To decide, type a token of an operator into the field at the top of the page.</p>
      )}
      {unproved && (
        <p class="fault">
          The plan has moved on: no change of it that can be proposed gives this edit any more.
        </p>
      )}
      <button
        type="button"
        class="primary"
        disabled={cannot || unproved}
        onClick={() => void decide('merge', 'Merged: the plan has learnt it.', reviewed)}
      >
        Merge: the plan learns it
      </button>{' '}
      <button
        type="button"
        disabled={cannot}
        onClick={() => void decide('close', 'Closed: the site goes back to the plan.')}
      >
        Close: the site goes back
      </button>
      {proposal.options.length > 1 && (
        <fieldset>
          <legend>Other ways to say it in the plan</legend>
          {proposal.options.slice(1).map((option) => (
            <p key={option.number}>
              <button
                type="button"
                disabled={cannot}
                onClick={() =>
                  void decide('choose', 'Chosen: its branch follows.', { option: option.number })
                }
              >
                Take this
              </button>{' '}
              {option.title}: <code>{option.files.join(', ')}</code>, {option.sites}{' '}
              {option.sites === 1 ? 'site' : 'sites'}
            </p>
          ))}
        </fieldset>
      )}
      <p role="status">{said.value}</p>
      <Fault text={fault.value} />
    </section>
  );
}
