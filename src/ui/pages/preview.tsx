import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { PreviewDetail } from '../../server/wire.ts';
import { post, tell, token } from '../api.ts';
import { Badge, Commit, Fact, Facts, Fault, Outward } from '../parts/bits.tsx';
import { Diff } from '../parts/diff.tsx';
import { useResource } from '../resource.ts';

type Report = PreviewDetail['report'];
type PlanFault = Report['problems'][number];

/** What merging a pull request would change, and at which sites. */
export function PreviewPage({ number }: { number: string }) {
  const { data, fault } = useResource<PreviewDetail>(`/previews/${encodeURIComponent(number)}`);
  const preview = data.value;
  useEffect(() => {
    document.title = `Preview of #${number} · trueup`;
  }, [number]);
  return (
    <>
      <h1>
        Preview of #{number} {preview && <Badge state={preview.state} />}
      </h1>
      <Fault text={fault.value} />
      {preview && (
        <>
          <p class="lead">{preview.title}</p>
          <Facts>
            <Fact name="Author">{preview.author}</Fact>
            <Fact name="Pull request">
              <Outward to={preview.url}>#{preview.number}</Outward>
            </Fact>
            <Fact name="Head">
              <Commit id={preview.head} />
            </Fact>
            <Fact name="Merged into">
              <Commit id={preview.baseCommit} />
            </Fact>
            <Fact name="Compared with">
              <Commit id={preview.revision} />
            </Fact>
            <Fact name="Sites that change">
              {preview.report.changed} of {Math.max(preview.report.total, preview.report.changed)}
            </Fact>
          </Facts>
          {preview.state === 'open' && <Check preview={preview} />}
          <Shown report={preview.report} />
        </>
      )}
    </>
  );
}

/** What a check run at hosts has found, and asking for one. */
function Check({ preview }: { preview: PreviewDetail }) {
  const { number, head, check } = preview;
  const fault = useSignal<string | undefined>(undefined);
  const running = check?.state === 'running' && check.head === head;
  const ask = async (): Promise<void> => {
    try {
      await post(`/previews/${number}/check`, { commit: head });
      fault.value = undefined;
    } catch (error) {
      fault.value = tell(error);
    }
  };
  return (
    <section class="card" aria-label="Check run">
      {check && (
        <p role="status">
          Check run at <Commit id={check.head} />, asked for by {check.askedBy}:{' '}
          {running ? 'under way' : check.reason || check.state}
        </p>
      )}
      {check && check.sites.length > 0 && (
        <ul>
          {check.sites.map(({ site, result, changed, failed, reason }) => (
            <li key={site}>
              {site}: {result}, {changed} {changed === 1 ? 'task' : 'tasks'} would change something,{' '}
              {failed} failed {reason}
            </li>
          ))}
        </ul>
      )}
      <button type="button" disabled={running || token.value === ''} onClick={() => void ask()}>
        Check it at hosts, changing nothing
      </button>
      {token.value === '' && <p class="faint">To ask for it, enter the operator’s token above.</p>}
      <Fault text={fault.value} />
    </section>
  );
}

function Shown({ report }: { report: Report }) {
  const { problems, failing, added, removed, groups, cut } = report;
  return (
    <>
      {problems.length > 0 && <Faults title="The plan has faults" faults={problems} />}
      {failing.map(({ problems: faults, sites }, index) => (
        <Faults key={index} title={`Does not render: ${some(sites)}`} faults={faults} />
      ))}
      {added.length > 0 && <p>Sites that come: {some(added)}</p>}
      {removed.length > 0 && <p>Sites that go: {some(removed)}</p>}
      {groups.map((group, index) => (
        <section key={index} class="card">
          <h2>
            {group.sites.length} {group.sites.length === 1 ? 'site' : 'sites'}
          </h2>
          <p>{some(group.sites)}</p>
          {group.files.map((file) => (
            <details key={file.path} open={index === 0}>
              <summary>
                <code>{file.path}</code> +{file.added} −{file.removed}
                {file.secret && ' · a secret changes'}
                {file.binary && ' · no text'}
                {file.cut && ' · not shown whole'}
              </summary>
              {file.patch !== '' && <Diff text={file.patch} label={file.path} />}
            </details>
          ))}
        </section>
      ))}
      {cut && <p>There is more than is kept here.</p>}
    </>
  );
}

function Faults({ title, faults }: { title: string; faults: PlanFault[] }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <ul>
        {faults.map(({ message, position, hint }, index) => (
          <li key={index}>
            {position && (
              <code>
                {position.file}:{position.line}:{position.column}:
              </code>
            )}{' '}
            {message} {hint && `(${hint})`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function some(sites: readonly string[]): string {
  const more = sites.length > 30 ? ` and ${sites.length - 30} more` : '';
  return sites.slice(0, 30).join(', ') + more;
}
