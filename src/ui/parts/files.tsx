import { useSignal } from '@preact/signals';

import type { SiteFile, SiteFiles } from '../../server/wire-inspect.ts';
import { useResource } from '../resource.ts';
import { Fault } from './bits.tsx';
import type { Question } from './explain.tsx';

/** More lines than people read. */
const MAX_LINES = 2_000;

/** The files that the plan asks for at a site; each line, and each parameter by its name, can be explained. */
export function Files(props: {
  site: string;
  commit: string | null;
  ask: (question: Question) => void;
}) {
  const { site, commit, ask } = props;
  const at = `/sites/${encodeURIComponent(site)}`;
  const open = useSignal('');
  const key = useSignal('');
  const list = useResource<SiteFiles>(commit === null ? undefined : `${at}/tree`);
  const file = useResource<SiteFile>(
    open.value === '' ? undefined : `${at}/file?path=${encodeURIComponent(open.value)}`,
  );
  const text = file.data.value?.text;
  return (
    <section>
      <h2>What the plan asks for</h2>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.value.trim() !== '') ask({ key: key.value.trim() });
        }}
      >
        <label>
          Explain a value{' '}
          <input
            placeholder="ntp_servers[0]"
            spellcheck={false}
            value={key.value}
            onInput={(event) => {
              key.value = event.currentTarget.value;
            }}
          />
        </label>
        <button type="submit">Explain</button>
        <label>
          Show a file{' '}
          <select
            value={open.value}
            onChange={(event) => {
              open.value = event.currentTarget.value;
            }}
          >
            <option value="">none</option>
            {list.data.value?.files.map(({ path }) => (
              <option key={path} value={path}>
                {path}
              </option>
            ))}
          </select>
        </label>
      </form>
      <Fault text={list.fault.value ?? file.fault.value} />
      {text === null && <p>It is no text.</p>}
      {typeof text === 'string' && (
        <div class="diff" role="group" aria-label={open.value}>
          {text
            .replace(/\n$/, '')
            .split('\n')
            .slice(0, MAX_LINES)
            .map((line, index) => (
              <button
                key={index}
                type="button"
                class="line same"
                title="Where does this line come from?"
                onClick={() => ask({ file: open.value, line: index + 1 })}
              >
                {line || ' '}
              </button>
            ))}
        </div>
      )}
    </section>
  );
}
