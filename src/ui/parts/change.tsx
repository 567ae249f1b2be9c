import type { ProposalDetail } from '../../server/wire.ts';
import { Diff } from './diff.tsx';

type PlanChange = ProposalDetail['changes'][number];

/** A change of the plan: its diff, why it is made there, and what else it changes. */
export function Change({ change }: { change: PlanChange }) {
  const { edits, blastRadius, notes, verified, explains } = change;
  return (
    <div class="change">
      <ul class="conditions">
        <li class={verified ? 'good' : 'bad'}>
          <span aria-hidden="true">{verified ? '✓' : '✗'}</span>{' '}
          {verified ? 'rendered again: it gives what was found' : 'not proven'}
        </li>
        {notes.map((note, index) => (
          <li key={index}>{note}</li>
        ))}
      </ul>
      {edits.map(({ file, patch }) => (
        <Diff key={file} text={patch} label={`Change of ${file}`} />
      ))}
      <details>
        <summary>
          It explains {explains.length} {explains.length === 1 ? 'file' : 'files'} and changes the
          rendering of {blastRadius.length} {blastRadius.length === 1 ? 'site' : 'sites'}
        </summary>
        <table>
          <thead>
            <tr>
              <th>Site</th>
              <th>Files that change there</th>
            </tr>
          </thead>
          <tbody>
            {blastRadius.map(({ site, files }) => (
              <tr key={site}>
                <td>
                  <a href={`/sites/${encodeURIComponent(site)}`}>{site}</a>
                </td>
                <td>{files.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}
