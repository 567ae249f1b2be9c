import { useEffect, useRef } from 'preact/hooks';

import type { Explained, ExplainedValue } from '../../server/wire-inspect.ts';
import { useResource } from '../resource.ts';
import { Fault } from './bits.tsx';

/** What somebody wants to have explained. */
export type Question = { key: string } | { file: string; line?: number };

interface Position {
  file: string;
  line: number;
  column: number;
}

/** Where a parameter, or a line of a rendered file, comes from. */
export function Explain(props: {
  site: string;
  question: Question;
  ask: (question: Question) => void;
  close: () => void;
}) {
  const { site, question, ask, close } = props;
  const query = new URLSearchParams(
    'key' in question
      ? { key: question.key }
      : {
          file: question.file,
          ...(question.line !== undefined && { line: String(question.line) }),
        },
  );
  const { data, fault } = useResource<Explained>(
    `/sites/${encodeURIComponent(site)}/explain?${query.toString()}`,
  );
  const box = useRef<HTMLElement>(null);
  const report = data.value;
  // It may be far from the line that was clicked.
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [report]);
  const what =
    'key' in question
      ? question.key
      : `${question.file}${question.line === undefined ? '' : `:${question.line}`}`;
  return (
    <section ref={box} class="explain card" aria-live="polite" aria-label="Explained">
      <header>
        <h2>
          Where <code>{what}</code> comes from
        </h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </header>
      <Fault text={fault.value} />
      {report?.kind === 'key' && (
        <>
          <Value value={report.value} ask={ask} />
          {report.uses.length > 0 && <h3>Read by</h3>}
          <ul>
            {report.uses.map(({ position, expression }, index) => (
              <li key={index}>
                <code>{expression}</code> <Where at={position} />
              </li>
            ))}
          </ul>
        </>
      )}
      {report?.kind === 'file' && (
        <>
          {report.text !== null && <pre class="quoted">{report.text}</pre>}
          <p>
            {ORIGINS[report.origin] ?? report.origin}{' '}
            {report.position && <Where at={report.position} />}
          </p>
          {report.line !== null && report.pieces.length > 0 && (
            <table>
              <thead>
                <tr>
                  <th>Piece</th>
                  <th>Written by</th>
                  <th>At</th>
                </tr>
              </thead>
              <tbody>
                {report.pieces.map((piece, index) => (
                  <tr key={index}>
                    <td>
                      <code>{piece.text}</code>
                    </td>
                    <td>
                      {'· '.repeat(piece.depth)}
                      {piece.kind} <code>{piece.kind === 'text' ? '' : piece.source}</code>
                    </td>
                    <td>
                      <Where at={piece.position} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {report.values.map((value) => (
            <Value key={value.name} value={value} ask={ask} />
          ))}
        </>
      )}
    </section>
  );
}

const ORIGINS: Record<string, string> = {
  template: 'Rendered from the template',
  data: 'Parameters, written as YAML.',
  copied: 'Copied from the stack:',
  overlay: 'Kept for this site alone:',
  trueup: 'Written by trueup itself.',
};

function Value({ value, ask }: { value: ExplainedValue; ask: (question: Question) => void }) {
  const said = value.sources.filter(({ state }) => state !== 'silent' && state !== 'missing');
  return (
    <div class="value">
      <h3>
        <button type="button" class="plain" onClick={() => ask({ key: value.name })}>
          <code>{value.name}</code>
        </button>
        {value.value !== null && <code> = {value.value}</code>}
      </h3>
      <table>
        <thead>
          <tr>
            <th>Source</th>
            <th>At</th>
            <th>Says</th>
            <th>So it</th>
          </tr>
        </thead>
        <tbody>
          {said.map((source, index) => (
            <tr key={index} class={source.state}>
              <td>{source.kind}</td>
              <td>
                {source.position ? <Where at={source.position} /> : <code>{source.file}</code>}
              </td>
              <td>
                <code>{source.value ?? ''}</code>
              </td>
              <td>{source.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {value.leaves.length > 0 && (
        <ul class="leaves">
          {value.leaves.map((leaf) => (
            <li key={leaf.name}>
              <code>
                {leaf.name} = {leaf.value}
              </code>{' '}
              {leaf.position && <Where at={leaf.position} />}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Where({ at }: { at: Position }) {
  return (
    <code class="where">
      {at.file}:{at.line}
    </code>
  );
}
